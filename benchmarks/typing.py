"""make bench-typing: replayed typing through this server and through llama.vim's way with
llama-server, the same model, in turn, in one run.

    python -m benchmarks.typing [--keys 30] [--interval 0.05]

Each key waits for its answer and is followed by a pause. llama-server is of the same llama.cpp as
llama-cpp-python carries (benchmarks/peer.py).
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peer
from benchmarks.llama_vim import LlamaVim, llama_server
from benchmarks.lsp_text import position_at
from benchmarks.recording import Key, recorded
from benchmarks.table import RESULTS, as_text, machine, write_json
from lsp_server.config import Config
from lsp_server.engine.address import runtime_folder
from lsp_server.engine.shared.http import HttpEngine
from tests.e2e.editor import Editor, running_editor

# What an answer takes at most that asked no model.
_FROM_MEMORY_MS = 5.0


@dataclass(frozen=True)
class Timed:
    """One key: milliseconds to its answer, whether there was one, and the engine's work."""

    ms: float
    shown: bool
    cached: bool
    evaluated: int
    generated: int
    first: bool


class Ours:
    """This server over stdio, its engine a process of its own."""

    def __init__(self, editor: Editor, engine: HttpEngine) -> None:
        self._editor = editor
        self._engine = engine
        self._versions: dict[str, int] = {}

    async def key(self, key: Key) -> Timed:
        uri = f"file:///typing/{key.file}"
        before = await self._engine.totals()
        started = time.perf_counter()
        self._change(uri, key.text)
        at = position_at(key.text, key.offset)
        found = await self._editor.complete(uri, at.line, at.character)
        ms = (time.perf_counter() - started) * 1000
        after = await self._engine.totals()
        shown = bool(found and found.items)
        evaluated = after.evaluated - before.evaluated
        return Timed(
            ms, shown, evaluated == 0, evaluated, after.generated - before.generated, key.first
        )

    def _change(self, uri: str, text: str) -> None:
        """The edit between the document as the server knows it and the new text."""
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        old = self._editor.texts.get(uri)
        if old is None:
            self._editor.open(uri, text, version=version)
            return
        start = len(os.path.commonprefix([old, text]))  # noqa: RUF071 - characters are meant
        end = len(os.path.commonprefix([old[start:][::-1], text[start:][::-1]]))  # noqa: RUF071
        first, last = position_at(old, start), position_at(old, len(old) - end)
        new = text[start : len(text) - end]
        self._editor.change(
            uri, version, (first.line, first.character, last.line, last.character, new)
        )
        self._editor.texts[uri] = text


class Theirs:
    """llama.vim's way."""

    def __init__(self, vim: LlamaVim) -> None:
        self._vim = vim

    async def key(self, key: Key) -> Timed:
        started = time.perf_counter()
        shown = await self._vim.complete(key.text, key.offset)
        ms = (time.perf_counter() - started) * 1000
        return Timed(
            ms, bool(shown.text.strip()), shown.cached, shown.evaluated, shown.generated, key.first
        )


async def replay(way: Ours | Theirs, keys: list[Key], interval: float) -> list[Timed]:
    timed = []
    for key in keys:
        timed.append(await way.key(key))
        await asyncio.sleep(interval)
    return timed


def summary(name: str, timed: list[Timed]) -> dict[str, Any]:
    """One row: over all keys, and over those that asked the engine."""
    asked = [t for t in timed if not t.cached]
    typing = [t for t in asked if not t.first]
    ms = sorted(t.ms for t in asked)
    return {
        "way": name,
        "keys": len(timed),
        "mean ms": statistics.mean(t.ms for t in timed),
        "engine p50": _quantile(ms, 0.5),
        "engine p95": _quantile(ms, 0.95),
        "from cache": sum(t.cached for t in timed) / len(timed),
        "cache p95": _quantile(sorted(t.ms for t in timed if t.cached), 0.95),
        "shown": sum(t.shown for t in timed),
        "evaluated a key": statistics.mean(t.evaluated for t in timed),
        "on a line": statistics.mean(t.evaluated for t in typing) if typing else None,
        "generated a key": statistics.mean(t.generated for t in timed),
    }


def _quantile(values: list[float], q: float) -> float | None:
    return values[min(len(values) - 1, int(len(values) * q))] if values else None


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=30, help="at most so many keys a place")
    parser.add_argument("--interval", type=float, default=0.05, help="seconds between keys")
    parser.add_argument("--json", type=Path, default=RESULTS / "typing.json")
    arguments = parser.parse_args()
    keys = list(recorded(arguments.keys))
    model = Config().models.infill
    rows = [summary("this server", await _ours(keys, arguments.interval))]
    if peer.program("llama-server"):
        async with llama_server(model) as http:
            theirs = await replay(Theirs(LlamaVim(http)), keys, arguments.interval)
        rows.append(summary("llama.vim's way", theirs))
        rows.append(_ratios(*rows))
    print(as_text(rows))
    write_json(arguments.json, {"machine": machine(model), "rows": rows})


async def _ours(keys: list[Key], interval: float) -> list[Timed]:
    with tempfile.TemporaryDirectory(prefix="cl") as runtime:
        os.environ["XDG_RUNTIME_DIR"] = runtime
        os.environ["CODELLAMA_LSP_CONFIG"] = str(Path(runtime) / "none.yaml")
        async with running_editor(options={"engine": {"keep_alive": 0}}) as editor:
            await editor.until_loaded()
            (socket,) = runtime_folder().glob("*.sock")
            engine = HttpEngine(socket)
            timed = await replay(Ours(editor, engine), keys, interval)
            await engine.close()
    return timed


def _ratios(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    def ratio(key: str) -> Any:
        a, b = ours[key], theirs[key]
        return a / b if isinstance(a, int | float) and b else None

    return {"way": "ratio", **{key: ratio(key) for key in ours if key != "way"}}


if __name__ == "__main__":
    asyncio.run(main())
