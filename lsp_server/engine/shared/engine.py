"""The engine that all windows share, as each of them sees it.

It joins the engine of its settings or starts it, and when it dies starts it again and asks again.
"""

import asyncio
import logging
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import TypeVar

import attrs

from lsp_server.config import Config, LogLevel
from lsp_server.engine.address import Address, address_for
from lsp_server.engine.again import Stream, without_start
from lsp_server.engine.protocol import (
    ChatRequest,
    Condition,
    EngineInfo,
    InfillRequest,
    Message,
    Phase,
    Role,
    Totals,
)
from lsp_server.engine.shared.http import HttpEngine
from lsp_server.engine.shared.start import evidence, last_words, start_engine
from lsp_server.errors import CodeLlamaError, EngineGone
from lsp_server.locks import locked

_log = logging.getLogger(__name__)
T = TypeVar("T")

# Python and the web server's start; the model is loaded after the socket is there.
_SECONDS_TO_START = 60.0
_PAUSE = 0.05
# How long to wait before each restart; after the last the engine is left alone until its deaths
# are forgotten.
_BACK_OFF = (0.0, 1.0, 3.0, 10.0)
_FORGET_AFTER = 300.0


class SharedEngine:
    """Engine (see engine/protocol.py) in a process of its own, shared by all servers of a user."""

    def __init__(self, config: Config, engine_options: tuple[str, ...] = ()) -> None:
        """`engine_options` are further options of `codellama-lsp engine run`, for tests."""
        self._config = config
        self._options = engine_options
        self._address: Address = address_for(config)
        self._deaths = Deaths()
        self._joining = asyncio.Lock()
        self._http: HttpEngine | None = None
        self._staying: asyncio.Future[None] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._told: Callable[[Condition], None] = lambda condition: None

    def watch(self, told: Callable[[Condition], None]) -> None:
        """See Watchable."""
        self._told = told

    async def ready(self) -> EngineInfo:
        return await self._asked(lambda engine: engine.ready())

    async def totals(self) -> Totals:
        return await self._asked(lambda engine: engine.totals())

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        return await self._asked(lambda engine: engine.count_tokens(role, texts))

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        return await self._asked(lambda engine: engine.count_chat_tokens(messages))

    def infill(self, request: InfillRequest) -> Stream:
        return self._streamed(lambda engine: engine.infill(request))

    async def hasten(self, background: str) -> None:
        """See Hastens."""
        if self._http:
            with suppress(CodeLlamaError):  # whoever waits for the request hears of it
                await self._http.hasten(background)

    def chat(self, request: ChatRequest) -> Stream:
        return self._streamed(lambda engine: engine.chat(request))

    async def set_log_level(self, level: LogLevel) -> None:
        """See LogsApart. An engine that is started later has that level too."""
        self._config = attrs.evolve(self._config, log_level=level)
        if self._http:
            with suppress(CodeLlamaError):  # it is gone, or going
                await self._http.set_log_level(level)

    async def close(self) -> None:
        """Leave the engine; it stays for others, or for a while."""
        await self._leave()

    async def _asked(self, ask: Callable[[HttpEngine], Awaitable[T]]) -> T:
        """An answer; asked once more where the engine dies over it."""
        engine = await self._joined()
        try:
            return await ask(engine)
        except EngineGone:
            await self._died(engine)
        engine = await self._joined()
        try:
            return await ask(engine)
        except EngineGone as error:
            await self._died(engine)
            raise keeps_dying() from error

    async def _streamed(self, ask: Callable[[HttpEngine], Stream]) -> Stream:
        """A stream; asked once more where the engine dies over it, without what was already given.

        Sampling is seeded, so the second answer begins as the first did; where it does not, the
        request fails rather than give a text of two halves.
        """
        given: dict[int, str] = {}
        engine = await self._joined()
        try:
            async with aclosing(ask(engine)) as stream:
                async for chunk in stream:
                    given[chunk.index] = given.get(chunk.index, "") + chunk.text
                    yield chunk
            return
        except EngineGone:
            await self._died(engine)
        engine = await self._joined()
        try:
            async with aclosing(ask(engine)) as stream:
                async for chunk in without_start(stream, given):
                    yield chunk
        except EngineGone as error:
            await self._died(engine)
            raise keeps_dying() from error

    async def _joined(self) -> HttpEngine:
        """The connection; made, and the engine started, where there is none."""
        async with self._joining:
            if self._http is None:
                try:
                    self._http = await self._join_or_start()
                except EngineGone as error:
                    self._told(Condition(Phase.FAILED, message=str(error)))
                    raise
            return self._http

    async def _join_or_start(self) -> HttpEngine:
        joined = await self._join()
        if joined:
            return joined
        await self._deaths.back_off()
        self._told(Condition(Phase.LOADING))
        with locked(self._address.starting) as ours:
            started = None
            if ours:  # else another window is at it
                started = await asyncio.to_thread(start_engine, self._config, self._options)
            joined = await self._join_when_there(started)
        if joined:
            return joined
        self._deaths.count()
        raise EngineGone(
            f"The engine could not be started. It last said: {last_words()}", evidence()
        )

    async def _join_when_there(
        self, started: "subprocess.Popen[bytes] | None"
    ) -> HttpEngine | None:
        """The connection, as soon as the engine listens; None where it doesn't come."""
        self._process = started or self._process
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            joined = await self._join()
            if joined:
                return joined
            if started and started.poll() not in (None, 0):
                return None
            await asyncio.sleep(_PAUSE)
        return None

    async def _join(self) -> HttpEngine | None:
        """A connection that has been attached, None where no engine listens."""
        try:
            engine = HttpEngine(self._address)
        except EngineGone:
            return None
        attached = asyncio.Event()

        def told(condition: Condition) -> None:
            attached.set()
            self._told(condition)

        staying = asyncio.ensure_future(engine.attach(told))
        waiting = asyncio.ensure_future(attached.wait())
        await asyncio.wait({staying, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not attached.is_set():
            staying.exception()
            await engine.close()
            return None
        staying.add_done_callback(lambda done: self._attachment_ended(engine, done))
        self._staying = staying
        return engine

    def _attachment_ended(self, engine: HttpEngine, staying: "asyncio.Future[None]") -> None:
        if staying.cancelled():
            return
        _log.warning("The engine has ended: %s", staying.exception())
        if self._http is engine:
            self._http = None
            self._told(Condition(Phase.GONE))

    async def _died(self, engine: HttpEngine) -> None:
        self._deaths.count()
        if self._http is engine:
            self._told(Condition(Phase.GONE))
            await self._leave()

    async def _leave(self) -> None:
        engine, self._http = self._http, None
        if self._staying:
            self._staying.cancel()
            self._staying = None
        if engine:
            await engine.close()
        if self._process:
            self._process.poll()  # no zombie


class Deaths:
    """Counts how often the engine died lately, and how long to wait before it is started again."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def count(self) -> None:
        self._times.append(time.monotonic())

    async def back_off(self) -> None:
        """Wait as long as the latest deaths ask for. Raises EngineGone where there
        were too many."""
        self._times = [t for t in self._times if time.monotonic() - t < _FORGET_AFTER]
        if len(self._times) >= len(_BACK_OFF):
            raise EngineGone(
                f"The engine died {len(self._times)} times within minutes, so it is left alone for "
                f"some. It last said: {last_words()}",
                f"{evidence()} `codellama-lsp engine status` shows its state.",
            )
        await asyncio.sleep(_BACK_OFF[len(self._times)])


def keeps_dying() -> EngineGone:
    """What to tell when the engine died over the same request twice."""
    return EngineGone(
        f"The engine died twice over one request. It last said: {last_words()}",
        f"{evidence()} A smaller engine.n_ctx or another model may help.",
    )
