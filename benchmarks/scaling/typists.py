"""Clients that type in files of their own, each with an engine elsewhere as `serve` has it."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import attrs

from lsp_server.config import Config, EngineSettings, Kind
from lsp_server.engine.protocol import InfillRequest, Usage
from lsp_server.engine.remote.engine import RemoteEngine
from lsp_server.errors import CodeLlamaError

# Python's own modules: real code that is the same for everyone.
_MODULES = (
    *("argparse", "ast", "bisect", "calendar", "cmd", "configparser", "copy", "csv", "dataclasses"),
    *("difflib", "fnmatch", "functools", "heapq", "inspect", "pprint", "shlex", "textwrap"),
)
_BEFORE, _AFTER, _KEY = 700, 200, 3  # characters
_TOKENS = 4


@dataclass(frozen=True)
class Answered:
    """One key. `at` is when it was pressed, in seconds since the start; `text` is None where the
    request failed."""

    typist: int
    at: float
    ms: float
    text: str | None
    usage: Usage
    first: bool
    """Whether it was the typist's first key, for which nothing can be in a cache."""


class Typist:
    """Types in one file with one engine; `number` chooses the file."""

    def __init__(self, number: int, kind: Kind, url: str) -> None:
        self._number = number
        settings = EngineSettings(kind=kind, url=url)
        self._engine = RemoteEngine(attrs.evolve(Config(), engine=settings))
        name = _MODULES[number % len(_MODULES)]
        self._text = Path(os.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        self._start = self._text.index("\n", len(self._text) // 2) + 1

    async def type(self, keys: int, pause: float, tell: Callable[[], None]) -> list[Answered]:
        """Each key waits for its answer, which is told; then comes a pause of about so many
        seconds."""
        rhythm = random.Random(self._number)
        started = time.monotonic()
        answered = []
        try:
            for i in range(keys):
                await asyncio.sleep(pause * rhythm.uniform(0.5, 1.5))
                answered.append(await self._press(i, started))
                tell()
        finally:
            await self._engine.close()
        return answered

    async def _press(self, i: int, started: float) -> Answered:
        at = self._start + (i + 1) * _KEY
        after = self._text.index("\n", self._start + 200)
        request = InfillRequest(
            self._text[self._start - _BEFORE : at], self._text[after : after + _AFTER], _TOKENS
        )
        pressed = time.monotonic()
        text: str | None = ""
        usage = Usage()
        try:
            async for chunk in self._engine.infill(request):
                text = (text or "") + chunk.text
                usage = chunk.usage or usage
        except CodeLlamaError:
            text = None
        ended = time.monotonic()
        milliseconds = (ended - pressed) * 1000
        return Answered(self._number, pressed - started, milliseconds, text, usage, i == 0)


async def type_all(
    kind: Kind, url: str, count: int, keys: int, pause: float, some: asyncio.Event
) -> list[Answered]:
    """Everyone at once; all their keys in the order in which they were pressed. `some` is set when
    a third of them was answered."""
    answers = 0

    def tell() -> None:
        nonlocal answers
        answers += 1
        if answers * 3 >= count * keys:
            some.set()

    typing = [Typist(number, kind, url).type(keys, pause, tell) for number in range(count)]
    answered = [key for keys in await asyncio.gather(*typing) for key in keys]
    return sorted(answered, key=lambda key: key.at)


def figures(answered: Sequence[Answered]) -> dict[str, float | int | None]:
    later = [key for key in answered if not key.first and key.text is not None]
    times = sorted(key.ms for key in later)
    prompt = sum(key.usage.prompt_tokens for key in later)
    cached = sum(key.usage.cached_tokens for key in later)
    return {
        "keys": len(answered),
        "failed": sum(key.text is None for key in answered),
        "p50 ms": times[len(times) // 2] if times else None,
        "p95 ms": times[int(len(times) * 0.95)] if times else None,
        "longest ms": times[-1] if times else None,
        "of the prompt from the cache": cached / prompt if prompt else None,
        "tokens read a key": (prompt - cached) / len(later) if later else None,
    }
