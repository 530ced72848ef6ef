"""Failing cases, readably: what stood where, what came, what should have come."""

from benchmarks.gaps import Result
from benchmarks.replay import Replay

_SHOWN_LINES = 6


def as_text(way: str, result: Result, replay: Replay | None) -> str:
    document, task = result.document, result.task
    before = document.prefix.split("\n")[-_SHOWN_LINES:]
    after = document.suffix.split("\n")[:_SHOWN_LINES]
    parts = [f"=== {way} {task.id}: {result.why}", *before[:-1], f"{before[-1]}‸{after[0]}"]
    parts += after[1:]
    parts.append(f"  canonical: {task.canonical!r}")
    if replay:
        parts.append(f"  model:     {replay.written!r}")
    parts.append(f"  shown:     {result.answer.inserted!r}")
    return "\n".join(parts)
