"""What the engine has done, counted: requests, tokens, cache hits, and how long they took."""

import math
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from lsp_server.engine.protocol import Chunk, Usage

Kind = Literal["infill", "background", "chat"]
KINDS: tuple[Kind, ...] = ("infill", "background", "chat")
OUTCOMES = ("done", "cancelled", "failed")
QUANTILES = (0.5, 0.9, 0.99)
_REMEMBERED = 1000


class Latencies:
    """Seconds: the sum and count of all, quantiles of the last thousand."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self._last: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        self.count += 1
        self.sum += seconds
        self._last.append(seconds)

    def quantiles(self) -> dict[float, float]:
        """By nearest rank; nothing where nothing was measured."""
        ordered = sorted(self._last)
        if not ordered:
            return {}
        return {q: ordered[math.ceil(q * len(ordered)) - 1] for q in QUANTILES}


@dataclass
class Observed:
    """Counted since the engine's start. `waiting` requests have no token yet, `answering` ones do.

    A cache hit is a prompt of which at least half was in the KV cache. Prompts are counted by
    requests that were not cancelled: of the others it isn't known how far they got.
    """

    outcomes: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    waiting: int = 0
    answering: int = 0
    prompts: int = 0
    hits: int = 0
    cached_tokens: int = 0
    evaluated_tokens: int = 0
    first_token: dict[Kind, Latencies] = field(
        default_factory=lambda: {kind: Latencies() for kind in KINDS}
    )
    answer: dict[Kind, Latencies] = field(
        default_factory=lambda: {kind: Latencies() for kind in KINDS}
    )

    async def follow(
        self, stream: AsyncGenerator[Chunk, None], kind: Kind
    ) -> AsyncGenerator[Chunk, None]:
        """The same stream, counted as it passes."""
        started = time.perf_counter()
        self.waiting += 1
        answering = False
        outcome, took = "cancelled", 0.0
        try:
            async with aclosing(stream):
                async for chunk in stream:
                    if not answering:
                        answering = True
                        self.waiting -= 1
                        self.answering += 1
                        self.first_token[kind].add(time.perf_counter() - started)
                    if chunk.usage and chunk.index == 0:
                        self._count_prompt(chunk.usage)
                    if chunk.finish:  # a client may go as soon as it has this
                        outcome, took = "done", time.perf_counter() - started
                    yield chunk
        except Exception:
            outcome = "failed"
            raise
        finally:
            self.outcomes[kind, outcome] += 1
            if outcome == "done":
                self.answer[kind].add(took)
            if answering:
                self.answering -= 1
            else:
                self.waiting -= 1

    def _count_prompt(self, usage: Usage) -> None:
        self.prompts += 1
        self.hits += 2 * usage.cached_tokens >= usage.prompt_tokens > 0
        self.cached_tokens += usage.cached_tokens
        self.evaluated_tokens += usage.prompt_tokens - usage.cached_tokens

    def as_json(self) -> dict[str, Any]:
        """For `/status`."""
        return {
            "served": {
                kind: {outcome: self.outcomes[kind, outcome] for outcome in OUTCOMES}
                for kind in KINDS
            },
            "queue": {"waiting": self.waiting, "answering": self.answering},
            "cache": {
                "prompts": self.prompts,
                "hits": self.hits,
                "cached_tokens": self.cached_tokens,
                "evaluated_tokens": self.evaluated_tokens,
            },
            "latency": {
                kind: {
                    "first_token": _named(self.first_token[kind]),
                    "answer": _named(self.answer[kind]),
                }
                for kind in KINDS
            },
        }


def _named(latencies: Latencies) -> dict[str, float]:
    return {f"p{q * 100:g}": seconds for q, seconds in latencies.quantiles().items()}
