"""make bench-moving: what moving cached blocks costs in quality, and what it saves.

    python -m benchmarks.moving [--files 8] [--jumps 8]

In each file the cursor jumps from place to place; at each place half a line is there and the model
writes the other half. Once the prompt is read anew at every place, once what the KV cache has is
moved with the cursor (`engine.move_cached`). The windows are those that the server shows. Greedy,
so that nothing but the cache differs.
"""

import argparse
import asyncio
import random
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attrs

from benchmarks.table import RESULTS, as_text, machine, write_json
from lsp_server.completion.pipeline import unix_window
from lsp_server.config import Config, Sampling
from lsp_server.documents import DocumentSnapshot
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.protocol import InfillRequest, Role, Usage

_FARTHEST = 30  # lines that the cursor jumps at most
_WINDOW = 512  # tokens shown
_SEED = 7


@dataclass(frozen=True)
class Place:
    """A document in which the second half of a line is missing at the offset."""

    snapshot: DocumentSnapshot
    offset: int
    missing: str


@dataclass(frozen=True)
class Answered:
    text: str
    usage: Usage

    @property
    def unread(self) -> int:
        return self.usage.prompt_tokens - self.usage.cached_tokens


def places(files: int, jumps: int) -> Iterator[list[Place]]:
    """For each of so many files of the standard library, the places in the order of the jumps."""
    chosen = random.Random(_SEED)
    folder = Path(sysconfig.get_paths()["stdlib"])
    long = [path for path in sorted(folder.glob("*.py")) if path.stat().st_size > 12_000]
    for path in chosen.sample(long, files):
        yield list(_in_file(path, jumps, chosen))


def _in_file(path: Path, jumps: int, chosen: random.Random) -> Iterator[Place]:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    worth = [i for i, line in enumerate(lines) if len(line.strip()) > 20 and "#" not in line]
    number = chosen.choice(worth)
    for _ in range(jumps):
        near = [i for i in worth if 0 < abs(i - number) <= _FARTHEST]
        number = chosen.choice(near or worth)
        line = lines[number].rstrip("\n")
        cut = len(line) - len(line.lstrip()) + len(line.strip()) // 2
        before = "".join(lines[:number]) + line[:cut]
        text = before + "\n" + "".join(lines[number + 1 :])
        snapshot = DocumentSnapshot(f"file:///{path.name}", 1, "python", text)
        yield Place(snapshot, len(before), line[cut:])


async def answered(engine: LlamaEngine, place: Place) -> Answered:
    loop = asyncio.get_running_loop()

    def count(texts: Any) -> list[int]:
        counting = engine.count_tokens(Role.INFILL, texts)
        return asyncio.run_coroutine_threadsafe(counting, loop).result()

    window = await asyncio.to_thread(unix_window, place.snapshot, place.offset, _WINDOW, count)
    request = InfillRequest(window.prefix, window.suffix, 24, Sampling(temperature=0))
    text, usage = "", Usage()
    stream = engine.infill(request)
    async for chunk in stream:
        text += chunk.text
        usage = chunk.usage or usage
    return Answered(text.split("\n")[0], usage)


async def run(files: int, jumps: int) -> list[dict[str, Any]]:
    """For each way the answers, file by file; each file begins with an empty cache."""
    found: dict[str, list[tuple[Place, Answered]]] = {"anew": [], "moved": []}
    for way, moves in (("anew", False), ("moved", True)):
        settings = attrs.evolve(Config().engine, move_cached=moves)
        engine = LlamaEngine(Config().models, settings)
        await engine.ready()
        for in_file in places(files, jumps):
            first = True
            for place in in_file:
                answer = await answered(engine, place)
                if not first:
                    found[way].append((place, answer))
                first = False
        await engine.close()
    return _rows(found)


def _rows(found: dict[str, list[tuple[Place, Answered]]]) -> list[dict[str, Any]]:
    same = [
        moved.text == anew.text
        for (_, anew), (_, moved) in zip(found["anew"], found["moved"], strict=True)
    ]
    return [
        {
            "prompt": way,
            "jumps": len(answers),
            "right": sum(answer.text == place.missing for place, answer in answers),
            "as read anew": sum(same) if way == "moved" else len(same),
            "tokens read a jump": sum(a.unread for _, a in answers) / len(answers),
            "prefill ms": sum(a.usage.prefill_ms for _, a in answers) / len(answers),
        }
        for way, answers in found.items()
    ]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--jumps", type=int, default=8, help="places in each file")
    parser.add_argument("--json", type=Path, default=RESULTS / "moving.json")
    arguments = parser.parse_args()
    rows = await run(arguments.files, arguments.jumps)
    print(as_text(rows))
    write_json(arguments.json, {"machine": machine(Config().models.infill), "rows": rows})


if __name__ == "__main__":
    asyncio.run(main())
