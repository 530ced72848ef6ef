"""What an engine did for a request, ours and llama-server alike."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """One request. `begun` and `last` (its last piece of text, None where there was none) are in
    seconds of the monotonic clock; `idle` is one that no key waits for."""

    begun: float
    last: float | None
    idle: bool
    evaluated: int
    """Tokens of the prompt, those from the KV cache not counted."""
    generated: int


@dataclass(frozen=True)
class Decode:
    """One llama_decode: its times on the monotonic clock, its tokens, and where they began."""

    begun: float
    ended: float
    tokens: int
    position: int

    @property
    def ms(self) -> float:
        return (self.ended - self.begun) * 1000


def decodes_in(lines: str) -> list[Decode]:
    """Every llama_decode in an engine's records, in order."""
    records = [json.loads(line) for line in lines.splitlines()]
    return [Decode(*record["decode"]) for record in records if "decode" in record]


def work_in(lines: str) -> list[Work]:
    """The requests in an engine's records that have ended."""
    records: dict[int, dict[str, Any]] = defaultdict(dict)
    for line in lines.splitlines():
        record = json.loads(line)
        if "number" in record:
            records[record["number"]] |= record
    return [_work(record) for record in records.values() if "generated" in record]


def _work(record: dict[str, Any]) -> Work:
    generated = record["generated"]
    # A generated token but the last is evaluated too, to get the next.
    prompt = record["evaluated"] - max(0, generated - 1)
    return Work(record["begun"], record["last"], record["idle"], max(0, prompt), generated)


def asked(work: Sequence[Work], started: float, ended: float) -> bool:
    """Whether an answer that took from `started` to `ended` came from the engine: a request was
    made for it, or it joined one that was under way, which then ended."""
    return any(
        (started <= one.begun <= ended and not one.idle)
        or (one.begun < started and one.last is not None and started < one.last <= ended)
        for one in work
    )
