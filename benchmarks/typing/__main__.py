"""make bench-typing: replayed typing through this server and through llama.vim's way with
llama-server, the same model and threads, in turn, in one run.

    python -m benchmarks.typing [PART ...] [--keys 40] [--intervals 0.05 0.15] [--pause 1 0]

PART is replay; all by default. Each key waits for its answer and is followed by an interval; after
a jump the cursor rests for the pause before the first key, in both ways.
"""

import argparse
import asyncio
import os
from pathlib import Path
from typing import Any

from benchmarks import peer
from benchmarks.table import RESULTS, as_text, machine, write_json
from benchmarks.typing.engine_process import running_engine
from benchmarks.typing.llama_server import LLAMA_VIM, llama_server
from benchmarks.typing.llama_vim import LlamaVim
from benchmarks.typing.ours import Ours
from benchmarks.typing.recording import recorded
from benchmarks.typing.replay import replay
from benchmarks.typing.summary import CountTokens, Row, side_by_side, summary
from lsp_server.config import Config, EngineSettings
from lsp_server.models.store import locate

PARTS = ("replay",)


async def main() -> None:
    arguments = _arguments()
    parts = PARTS if arguments.part == "all" else arguments.part
    results: dict[str, Any] = {"machine": machine(arguments.model)}
    if "replay" in parts:
        results["replay"] = await replays(
            arguments.model, arguments.keys, arguments.intervals, arguments.pause
        )
    write_json(arguments.json, results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--model", default=Config().models.infill, help="a name or a GGUF file")
    parser.add_argument("--keys", type=int, default=40, help="at most so many keys a place")
    parser.add_argument("--intervals", type=float, nargs="+", default=[0.05, 0.15])
    parser.add_argument("--pause", type=float, nargs="+", default=[1.0, 0.0])
    parser.add_argument("--json", type=Path, default=RESULTS / "typing.json")
    return parser.parse_args()


async def replays(model: str, keys: int, intervals: list[float], pauses: list[float]) -> list[Row]:
    """A table for each interval with the first pause, and for each other pause with the first
    interval."""
    path = locate(model)
    count = token_counter(path)
    settings = [(interval, pauses[0]) for interval in intervals]
    settings += [(intervals[0], pause) for pause in pauses[1:]]
    results = []
    for interval, pause in settings:
        ours = await _ours(model, keys, interval, pause, count)
        theirs = None
        if peer.program("llama-server"):
            theirs = await _theirs(path, keys, interval, pause, count)
        title = f"{interval * 1000:g} ms between keys, {pause:g} s after a jump"
        print(as_text(side_by_side(title, ours, theirs)), end="\n\n", flush=True)
        results.append(
            {"interval": interval, "pause": pause, "this server": ours, "llama.vim": theirs}
        )
    return results


async def _ours(model: str, keys: int, interval: float, pause: float, count: CountTokens) -> Row:
    async with running_engine(model) as engine, engine.editor() as editor:
        await editor.until_loaded()
        answered = await replay(Ours(editor), recorded(keys), interval, pause)
        await asyncio.sleep(interval)
        return summary(answered, engine.work(), count)


async def _theirs(model: Path, keys: int, interval: float, pause: float, count: CountTokens) -> Row:
    threads = str(threads_of_ours())
    async with llama_server(model, *LLAMA_VIM, "--threads", threads) as http:
        vim = LlamaVim(http)
        answered = await replay(vim, recorded(keys), interval, pause)
        await vim.close()
        return summary(answered, vim.work, count)


def threads_of_ours() -> int:
    """What our engine takes by default, so that both have the same."""
    import psutil

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1


def token_counter(model: Path) -> CountTokens:
    """Counts with the model's own tokenizer."""
    from lsp_server.engine.llama.model import LlamaModel

    vocab = LlamaModel(model, EngineSettings(), vocab_only=True).vocab
    return lambda text: len(vocab.encode_inside(text))


if __name__ == "__main__":
    asyncio.run(main())
