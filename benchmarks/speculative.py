"""make bench-speculative: decoding with and without speculation, by llama-server's own means.

    python -m benchmarks.speculative [--model NAME] [--draft NAME]

Prompt lookup drafts from what the prompt has said already; a smaller model drafts for a larger one
where both are here. What is written: suggestions at the places of the typing benchmark, and
functions that are given back with a docstring, where much is copied. Greedy, the prompts' time not
counted, every way in turn in one run.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks.table import RESULTS, as_text, machine, write_json
from benchmarks.typing.document import Document
from benchmarks.typing.llama_server import llama_server
from benchmarks.typing.recording import PLACES, source
from benchmarks.typing.versus import threads_of_ours
from lsp_server.config import Config
from lsp_server.errors import CodeLlamaError
from lsp_server.models.store import locate

Row = dict[str, Any]
_LOOKUP = ("--spec-type", "ngram-simple")
_LINES, _SUGGESTED, _WRITTEN = 20, 32, 96
_FUNCTIONS = (("textwrap.py", "    def _split_chunks"), ("bisect.py", "def insort_right"))


async def main() -> None:
    arguments = _arguments()
    rows = await compared(arguments.draft, [("prompt lookup", _LOOKUP)])
    with suppress(CodeLlamaError):  # the larger model is not here
        locate(arguments.model)
        drafted = ("--spec-type", "draft-simple", "--model-draft", str(locate(arguments.draft)))
        ways = [("prompt lookup", _LOOKUP), (f"drafts by {arguments.draft}", drafted)]
        rows += await compared(arguments.model, ways)
    print(as_text(rows))
    write_json(arguments.json, {"machine": machine(arguments.draft), "rows": rows})


async def compared(model: str, ways: Sequence[tuple[str, tuple[str, ...]]]) -> list[Row]:
    """A row for the model alone and for each way, in tokens a second."""
    rows: list[Row] = []
    for name, options in [("no speculation", ()), *ways]:
        row: Row = {"model": model, "way": name}
        options = (*options, "--ctx-size", "4096", "--threads", str(threads_of_ours()))
        async with llama_server(locate(model), *options) as http:
            for kind, answers in (("suggestions", _suggestions), ("copies", _copies)):
                timings = [answer["timings"] async for answer in answers(http)]
                row |= _speed(kind, timings, rows[0] if rows else None)
        rows.append(row)
    return rows


def _speed(kind: str, timings: Sequence[dict[str, Any]], alone: Row | None) -> Row:
    """Tokens a second over all answers, beside the model alone; and the part of the drafted tokens
    that was right."""
    speed = 1000 * sum(t["predicted_n"] for t in timings) / sum(t["predicted_ms"] for t in timings)
    drafted = sum(t.get("draft_n", 0) for t in timings)
    right = sum(t.get("draft_n_accepted", 0) for t in timings)
    return {
        f"{kind}, tokens/s": speed,
        f"{kind}, ratio": speed / alone[f"{kind}, tokens/s"] if alone else 1.0,
        f"{kind}, drafts right": right / drafted if drafted else None,
    }


async def _suggestions(http: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
    for place in PLACES:
        document = Document(place.file, source(place.file), 0).at(place)
        before, after = document.text[: document.offset], document.text[document.offset :]
        body = {
            "input_prefix": "".join(before.splitlines(keepends=True)[-2 * _LINES :]),
            "input_suffix": "".join(after.splitlines(keepends=True)[:_LINES]),
            "prompt": "",
            "n_predict": _SUGGESTED,
            "temperature": 0,
        }
        yield (await http.post("/infill", json=body)).raise_for_status().json()


async def _copies(http: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
    for file, head in _FUNCTIONS:
        lines = source(file).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(head))
        code = "\n".join(lines[start : start + _LINES])
        asked = f"Give this code back with shorter comments:\n\n```python\n{code}\n```"
        body = {
            "messages": [{"role": "user", "content": asked}],
            "max_tokens": _WRITTEN,
            "temperature": 0,
        }
        yield (await http.post("/v1/chat/completions", json=body)).raise_for_status().json()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speculative", description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b", help="left out where not here")
    parser.add_argument("--draft", default=Config().models.infill, help="drafts for it")
    parser.add_argument("--json", type=Path, default=RESULTS / "speculative.json")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
