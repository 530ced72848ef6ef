"""What one language server keeps between requests. It knows nothing of the protocol."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsp_server.config import Config, LogLevel
from lsp_server.documents import DocumentStore
from lsp_server.engine.protocol import Condition, Engine, EngineInfo, LogsApart, Phase, Watchable
from lsp_server.errors import CodeLlamaError
from lsp_server.status import Status

if TYPE_CHECKING:
    from lsp_server.context.related.index import RelatedIndex
    from lsp_server.statistics.counter import OutcomeCounter

_log = logging.getLogger(__name__)
T = TypeVar("T")
_ENDS_OF_A_START = {Phase.READY, Phase.GONE}
EngineFactory = Callable[[Config], Engine]


class Session:
    """The open documents, the settings in force, and the engine."""

    def __init__(self, config: Config, make_engine: EngineFactory) -> None:
        self.documents = DocumentStore()
        self.config = config
        self.locale = ""
        self.related: RelatedIndex | None = None
        self.outcomes: OutcomeCounter | None = None
        self.engine: Engine | None = None
        self.engine_info: EngineInfo | None = None
        self.newest = Newest()
        self.status = Status()
        self.client_name = ""
        self.loading: asyncio.Future[None] | None = None
        self._make_engine = make_engine
        self._begun = asyncio.Event()
        self._telling: asyncio.Future[None] | None = None

    def look_around(self, roots: Sequence[Path]) -> None:
        """Begin to follow what other files say, in the workspace's folders."""
        from lsp_server.context.related.index import RelatedIndex  # a start is to be quick

        self.related = RelatedIndex(roots, self.config.files)
        self.documents.observers.append(self.related)

    def count_outcomes(self) -> "OutcomeCounter":
        """What counts what becomes of suggestions, begun with the first of them."""
        if self.outcomes is None:
            from lsp_server.statistics.counter import OutcomeCounter

            self.outcomes = OutcomeCounter()
            self.documents.observers.append(self.outcomes)
        return self.outcomes

    async def start_engine(self) -> EngineInfo:
        """Load the models of the settings in force. Raises ModelError; the session lives on."""
        await self.stop_engine()
        self.status.set(Condition(Phase.LOADING))
        try:
            self._follow(self._make_engine(self.config))
        except Exception as error:
            self.status.set(Condition(Phase.FAILED, message=_reason(error)))
            raise
        return await self.wait_for_engine()

    async def wait_for_engine(self) -> EngineInfo:
        """The engine's word on itself, once its models are there. Raises CodeLlamaError."""
        engine = self.engine
        assert engine
        try:
            info = await engine.ready()
        except Exception as error:
            self.status.set(Condition(Phase.FAILED, message=_reason(error)))
            raise
        if self.engine is engine:
            self.engine_info = info
            self.status.set(Condition(Phase.READY))
        return info

    def _follow(self, engine: Engine) -> None:
        """Make it the session's engine and tell how it fares, as long as it is."""
        self.engine = engine
        self._begun.set()

        def told(condition: Condition) -> None:
            # The start itself knows when it has ended, and why.
            starts = self.engine_info is None
            if self.engine is engine and not (starts and condition.phase in _ENDS_OF_A_START):
                self.status.set(condition)

        if isinstance(engine, Watchable):
            engine.watch(told)

    async def stop_engine(self) -> None:
        engine, self.engine, self.engine_info = self.engine, None, None
        self._begun.clear()
        if engine:
            await engine.close()

    async def begun_engine(self) -> Engine | None:
        """The engine, be it ready or not, waited for where its start has just been asked for. None
        where it could not be begun."""
        if self.engine is None and self.loading:
            begun = asyncio.ensure_future(self._begun.wait())
            either: list[asyncio.Future[Any]] = [begun, self.loading]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                begun.cancel()
        return self.engine

    def set_log_level(self, level: LogLevel) -> None:
        """Of the engine's own log, where it has one; ours is set by whoever calls this."""
        if isinstance(self.engine, LogsApart):
            self._telling = asyncio.ensure_future(self.engine.set_log_level(level))

    @property
    def ready_engine(self) -> Engine | None:
        """The engine, None until its models are loaded."""
        return self.engine if self.engine_info else None


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, CodeLlamaError) else f"It could not be loaded: {error}."


class Newest:
    """Lets only the newest of the requests with one key go on."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Any]] = {}

    async def run(self, key: str, work: Coroutine[Any, Any, T]) -> T | None:
        """The work's result, or None when a newer request with this key superseded it.

        Cancelling the caller cancels the work and raises CancelledError as usual.
        """
        task = asyncio.ensure_future(work)
        older = self._running.get(key)
        if older:
            older.cancel()
        self._running[key] = task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current and current.cancelling():
                raise
            return None
        finally:
            if self._running.get(key) is task:
                del self._running[key]
