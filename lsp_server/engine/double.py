"""The engine double: scripted answers at the engine's seam, for tests without a model.

It is shipped because editors' and users' own tests need it too: `codellama-lsp serve --double
FILE` answers from a YAML script.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lsp_server.engine.protocol import (
    ChatRequest,
    Chunk,
    Condition,
    EngineInfo,
    Finish,
    InfillRequest,
    Message,
    Phase,
    Role,
    Totals,
    Usage,
)
from lsp_server.errors import CodeLlamaError, ModelError


@dataclass(frozen=True)
class Answer:
    """A scripted answer, streamed a word at a time; `others` are the alternatives to it. With
    `stall` it never ends by itself, with `die` the process aborts after it, as llama.cpp does when
    it fails an assertion. `rest` follows when there is a file `awaits`, so that a test can look at
    what is half written.

    `{cancelled}` in the text is replaced by how many streams were closed before their end, so that
    a test at the far end of a pipe can see it.
    """

    text: str = ""
    others: Sequence[str] = ()
    stall: bool = False
    die: bool = False
    awaits: str = ""
    rest: str = ""


@dataclass
class ScriptedEngine:
    """Answers each request with the next scripted answer, the last one again and again.

    `load_error` is raised by everything, as by an engine whose model is missing; with `never_ready`
    it loads forever. `percentages` are told while it loads. With `announce` each request that
    arrives is a line on standard error.
    """

    infills: Sequence[Answer] = (Answer(),)
    chats: Sequence[Answer] = (Answer(),)
    load_error: CodeLlamaError | None = None
    never_ready: bool = False
    percentages: Sequence[int] = ()
    announce: bool = False
    n_ctx: int = 4096
    infill_requests: list[InfillRequest] = field(default_factory=list)
    chat_requests: list[ChatRequest] = field(default_factory=list)
    stalled: int = 0
    cancelled: int = 0
    closed: bool = False
    hastened: list[str] = field(default_factory=list)
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def from_file(cls, path: Path) -> "ScriptedEngine":
        """A script in YAML: `infills` and `chats` (lists of texts or {text, others,
        stall}), `load_error`, `never_ready`, `percentages`."""
        script = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        error = script.get("load_error")
        return cls(
            infills=_answers(script.get("infills", [""])),
            chats=_answers(script.get("chats", [""])),
            load_error=ModelError(error) if error else None,
            never_ready=script.get("never_ready", False),
            percentages=script.get("percentages", ()),
            announce=True,
        )

    def watch(self, told: Callable[[Condition], None]) -> None:
        for percentage in self.percentages:
            told(Condition(Phase.LOADING, percentage))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until what the engine was asked, or what became of it, makes `holds()` true."""
        while not holds():
            await self._news.wait()

    def release(self) -> None:
        """Let the answers that stall end."""
        self._released.set()

    async def ready(self) -> EngineInfo:
        if self.never_ready:
            await _forever()
        if self.load_error:
            raise self.load_error
        return EngineInfo("double", "double", "double", self.n_ctx, gpu=False)

    async def totals(self) -> Totals:
        return Totals()

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        return [_token_count(text) for text in texts]

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        return sum(_token_count(message.content) + 4 for message in messages)

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        self.infill_requests.append(request)
        self._tell()
        answer = self.infills[min(len(self.infill_requests), len(self.infills)) - 1]
        async for chunk in self._stream(answer, request.max_tokens, request.alternatives):
            yield chunk

    async def hasten(self, background: str) -> None:
        self.hastened.append(background)
        self._tell()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        self.chat_requests.append(request)
        answer = self.chats[min(len(self.chat_requests), len(self.chats)) - 1]
        async for chunk in self._stream(answer, request.max_tokens):
            yield chunk

    async def close(self) -> None:
        self.closed = True

    async def _stream(
        self, answer: Answer, max_tokens: int, alternatives: int = 1
    ) -> AsyncGenerator[Chunk, None]:
        await self.ready()
        if self.announce:
            print("double: asked", file=sys.stderr, flush=True)
        pieces = _pieces(answer.text.replace("{cancelled}", str(self.cancelled)))
        finish = Finish.LENGTH if len(pieces) > max_tokens else Finish.STOP
        ended = False
        try:
            for piece in pieces[:max_tokens]:
                yield Chunk(piece)
            if answer.awaits:
                await _file(Path(answer.awaits))
                yield Chunk(answer.rest)
            if answer.die:
                os.abort()
            if answer.stall:
                self.stalled += 1
                self._tell()
                await self._released.wait()
            ended = True
            yield Chunk("", finish, Usage(generated_tokens=len(pieces)))
            for index in range(1, alternatives):
                text = answer.others[index - 1] if index <= len(answer.others) else ""
                yield Chunk(text, Finish.STOP, Usage(), index)
        finally:
            self.cancelled += not ended
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()


async def _file(path: Path) -> None:
    # Another process makes it, and says so in no other way.
    while not path.exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.05)


def _answers(script: Sequence[Any]) -> list[Answer]:
    return [Answer(**entry) if isinstance(entry, dict) else Answer(entry) for entry in script]


def _pieces(text: str) -> list[str]:
    return text.replace(" ", "\0 ").split("\0") if text else []


def _token_count(text: str) -> int:
    return (len(text) + 2) // 3
