"""make bench-typing: how fast suggestions come.

    python -m benchmarks.typing [PART ...] [--model NAME] [--keys 40] [--intervals 0.05 0.15] ...

replay    typing through this server and through llama.vim's way with llama-server
added     the server's own time beside the time inside llama_decode
speed     prefill and decode beside llama-bench
cancel    from cancelling to an idle engine
start     time of `initialize`
memory    the engine's and the servers', with 1 and with 5 clients
explain   typing while a long explanation streams

All parts by default, in one run: the same model file, the same threads. In a replay each key waits
for its answer and is followed by an interval; after a jump the cursor rests for the pause before
the first key. Models are files or names of the catalogue.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import RESULTS, as_text, machine, write_json
from benchmarks.typing.cancelling import cancels
from benchmarks.typing.explaining import while_explaining
from benchmarks.typing.overhead import overhead
from benchmarks.typing.speed import speeds
from benchmarks.typing.starting import initialize, memory
from benchmarks.typing.summary import Row
from benchmarks.typing.versus import replays, threads_of_ours, token_counter
from lsp_server.config import Config
from lsp_server.models.store import locate

PARTS = ("replay", "added", "speed", "cancel", "start", "memory", "explain")


async def run(options: Sequence[str], described: Mapping[str, Any] | None = None) -> None:
    """Measure what the command line's options ask for. `described` goes into the results."""
    arguments = _arguments(options)
    parts = PARTS if arguments.part == "all" else arguments.part
    results: dict[str, Any] = {
        "machine": machine(arguments.model),
        "threads": threads_of_ours(),
        **(described or {}),
    }
    for part in PARTS:
        if part in parts:
            started = time.monotonic()
            results[part] = await measured(part, arguments)
            print(f"({part}: {time.monotonic() - started:.0f} s)\n", flush=True)
            write_json(arguments.json, results)


async def measured(part: str, arguments: argparse.Namespace) -> Any:
    """A part's results; its tables are printed."""
    model, interval, pause = arguments.model, arguments.intervals[0], arguments.pause[0]
    match part:
        case "replay":
            return await replays(model, arguments.keys, arguments.intervals, arguments.pause)
        case "added":
            rows = await overhead(model, arguments.keys, threads_of_ours())
        case "speed":
            rows = await speeds(model, threads_of_ours(), arguments.rounds)
        case "cancel":
            rows = await cancels(model, arguments.cancels)
        case "start":
            rows = [await initialize(arguments.starts)]
        case "memory":
            rows = await memory(model)
        case _:
            count = token_counter(locate(model))
            rows = await while_explaining(model, arguments.keys, interval, pause, count)
    _print(rows)
    return rows


def _print(rows: list[Row]) -> None:
    print(as_text(rows), end="\n\n", flush=True)


def _arguments(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.typing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", nargs="*", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--model", default=Config().models.infill, help="a name or a GGUF file")
    parser.add_argument("--keys", type=int, default=40, help="at most so many keys a place")
    parser.add_argument(
        *("--intervals", "--interval"), type=float, nargs="+", default=[0.05, 0.15], help="seconds"
    )
    parser.add_argument("--pause", type=float, nargs="+", default=[1.0, 0.0], help="seconds")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in turn with llama-bench")
    parser.add_argument("--cancels", type=int, default=20, help="of each kind")
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--json", type=Path, default=RESULTS / "typing.json")
    return parser.parse_args(options)


if __name__ == "__main__":
    # Whatever ends it, the processes that it started end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asyncio.run(run(sys.argv[1:]))
