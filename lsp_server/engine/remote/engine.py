"""An engine elsewhere, as one language server sees it: asked again, given up, found again."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from lsp_server.config import Config
from lsp_server.engine.again import Stream, without_start
from lsp_server.engine.http import HttpConnection
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
from lsp_server.engine.remote.circuit import Circuit
from lsp_server.engine.remote.connect import connect, url_of
from lsp_server.engine.remote.key import VARIABLE, find_key
from lsp_server.engine.remote.servers.made import server_for
from lsp_server.engine.remote.servers.openai import OpenAiServer
from lsp_server.errors import EngineError, EngineGone, EngineRefused

_log = logging.getLogger(__name__)
T = TypeVar("T")

# Seconds before a request is made again. A key that is typed meanwhile ends it.
_PAUSES = (0.2, 1.0)
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_KEY_REFUSED = frozenset({401, 403})


class RemoteEngine:
    """Engine (see engine/protocol.py) that is a server elsewhere."""

    def __init__(
        self, config: Config, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Raises ConfigError where engine.url is wrong. Nothing is asked yet. `sleep` waits
        between tries."""
        self._sleep = sleep
        self._config = config
        self._url = url_of(config.engine)
        self._circuit = Circuit()
        self._totals = Totals()
        self._starting = asyncio.Lock()
        self._http: HttpConnection | None = None
        self._server: OpenAiServer | None = None
        self._told: Callable[[Condition], None] = lambda condition: None
        self.key_origin = ""

    def watch(self, told: Callable[[Condition], None]) -> None:
        """See Watchable."""
        self._told = told

    async def ready(self) -> EngineInfo:
        """Raises EngineGone where the server can't be reached, which may pass."""
        server = await self.server()
        served = server.served
        notices = [served.notice, str(served.why_no_infill or "")]
        return EngineInfo(
            infill_model=served.infill_model,
            instruct_model=served.instruct_model,
            family=served.infill.family if served.infill else "",
            n_ctx=min(served.n_ctx or self._config.engine.n_ctx, self._config.engine.n_ctx),
            gpu=True,
            notice=" ".join(filter(None, notices)),
        )

    async def server(self) -> OpenAiServer:
        """The server, once it has said what it can do. Raises EngineError."""
        async with self._starting:
            if self._server is None:
                server = await server_for(await self._connection(), self._config)
                try:
                    await server.start()
                except EngineRefused as error:
                    raise _with_hint(error) from error
                self._server = server
            return self._server

    async def totals(self) -> Totals:
        return self._totals

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        return await self._asked(lambda server: server.count(texts))

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        return await self._asked(lambda server: server.count_chat(messages))

    def infill(self, request: InfillRequest) -> Stream:
        stream = self._streamed(lambda server: server.infill(request))
        return _with_others(stream if request.max_tokens else _read_only(stream), request)

    def chat(self, request: ChatRequest) -> Stream:
        return self._streamed(lambda server: server.chat(request))

    async def close(self) -> None:
        http, self._http, self._server = self._http, None, None
        if http:
            await http.close()

    async def _connection(self) -> HttpConnection:
        if self._http is None:
            key = await asyncio.to_thread(find_key, self._url)
            self.key_origin = key.origin if key else ""
            self._http = connect(self._config.engine, self._url, key)
        return self._http

    async def _asked(self, ask: Callable[[OpenAiServer], Awaitable[T]]) -> T:
        """An answer; asked for again where the server fails."""
        failures = 0
        while True:
            self._circuit.enter()
            try:
                answer = await ask(await self.server())
            except EngineError as error:
                await self._failed(error, failures)
                failures += 1
            except BaseException:
                self._circuit.left()
                raise
            else:
                self._succeeded()
                return answer

    async def _streamed(self, ask: Callable[[OpenAiServer], Stream]) -> Stream:
        """A stream; asked for again where the server fails, less what was already given.

        Sampling is seeded, so that the second answer begins as the first did; where it does not,
        the request fails rather than give a text of two halves.
        """
        given: dict[int, str] = {}
        failures = 0
        otherwise = EngineError("The server broke off in the middle of an answer.", "Ask again.")
        while True:
            self._circuit.enter()
            try:
                stream = without_start(ask(await self.server()), given, otherwise)
                async with aclosing(stream):
                    async for chunk in stream:
                        given[chunk.index] = given.get(chunk.index, "") + chunk.text
                        self._count(chunk.usage)
                        yield chunk
            except EngineError as error:
                await self._failed(error, failures)
                failures += 1
            except BaseException:  # whoever asked has enough, or wants no more
                self._circuit.left()
                raise
            else:
                self._succeeded()
                return

    def _succeeded(self) -> None:
        if not self._circuit.closed:
            self._told(Condition(Phase.READY))
        self._circuit.succeeded()

    async def _failed(self, error: EngineError, failures: int) -> None:
        """Wait before the next try. Raises the error where there is none to come."""
        if not _may_pass(error):
            self._succeeded()
            raise _with_hint(error) from error
        self._circuit.failed(error)
        _log.info("%s failed: %s", self._url, type(error).__name__)
        if not self._circuit.closed:
            self._server = None  # it may come back as another
            self._told(Condition(Phase.GONE))
        if not self._circuit.closed or failures >= len(_PAUSES):
            raise error
        asked_for = error.retry_after if isinstance(error, EngineRefused) else 0.0
        # Not all clients of a server at the same moment.
        await self._sleep(max(asked_for, _PAUSES[failures] * random.uniform(0.5, 1.5)))

    def _count(self, usage: Usage | None) -> None:
        if usage:
            self._totals.evaluated += usage.prompt_tokens - usage.cached_tokens
            self._totals.generated += usage.generated_tokens


async def _with_others(stream: Stream, request: InfillRequest) -> Stream:
    """The one answer, and the others that were asked for: empty, as servers elsewhere are asked
    for one."""
    async with aclosing(stream):
        async for chunk in stream:
            yield chunk
    for index in range(1, request.alternatives):
        yield Chunk("", Finish.STOP, Usage(), index)


async def _read_only(stream: Stream) -> Stream:
    """Without the one token that servers write at least."""
    async with aclosing(stream):
        async for chunk in stream:
            if chunk.finish:
                yield Chunk("", Finish.LENGTH, chunk.usage)


def _may_pass(error: EngineError) -> bool:
    if isinstance(error, EngineRefused):
        return error.status in _LATER
    return isinstance(error, EngineGone)


def _with_hint(error: EngineError) -> EngineError:
    """What to do about a refusal that lasts."""
    if not isinstance(error, EngineRefused) or error.hint:
        return error
    hint = "Are engine.url and engine.kind right?" if error.status == 404 else ""
    if error.status in _KEY_REFUSED:
        hint = f"Store its key with `codellama-lsp engine key`, or set {VARIABLE}."
    return EngineRefused(error.message, hint, error.status)
