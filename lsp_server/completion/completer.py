"""Which way a key takes to its suggestion: remembered, under way, or asked for."""

import time

from lsp_server.completion.debounce import Debounce
from lsp_server.completion.idle import IdleTime
from lsp_server.completion.pipeline import Pipeline
from lsp_server.completion.remembered import Remembered
from lsp_server.completion.running import Running, Tell
from lsp_server.config import Config
from lsp_server.context.related.index import RelatedIndex
from lsp_server.documents import DocumentSnapshot, Edit
from lsp_server.engine.protocol import Engine, EngineInfo


class Completer:
    """Completes with one engine.

    A key that types what was suggested is answered from memory; one that agrees with a generation
    under way joins it; only others ask the engine. While the user reads a suggestion, what would
    come after accepting it is fetched, in idle time that any request ends.
    """

    def __init__(
        self, engine: Engine, info: EngineInfo, related: RelatedIndex | None = None
    ) -> None:
        """`related` is what knows of other files, None for one file alone."""
        self.engine = engine
        self._pipeline = Pipeline(engine, info, related)
        self._remembered = Remembered()
        self._debounce = Debounce()
        self._running: dict[str, Running] = {}
        self._idle = IdleTime(self._pipeline, self._remembered)
        self._several: tuple[DocumentSnapshot, int, list[Edit]] | None = None

    async def complete(
        self, snapshot: DocumentSnapshot, offset: int, config: Config, debounced: bool = False
    ) -> Edit | None:
        """The edit that completes the code at the offset, None where nothing is worth showing.

        Cancelling it stops the engine, unless another request has joined. `debounced` is a client
        that waits for a pause by itself.
        """
        self._debounce.key()
        edit = await self._found(snapshot, offset, config, debounced)
        if config.completion.look_ahead and not self._busy():
            self._idle.after(snapshot, offset, edit, config)
        return edit

    def rest_at(self, snapshot: DocumentSnapshot, offset: int, config: Config) -> None:
        """The cursor stands here: in idle time the code around it is read, so that the first key
        need not wait for that."""
        if not config.completion.look_ahead or self._busy():
            return
        if not self._remembered.find(snapshot, offset):  # else what comes after it is under way
            self._idle.at(snapshot, offset, config)

    async def several(self, snapshot: DocumentSnapshot, offset: int, config: Config) -> list[Edit]:
        """Up to completion.alternatives different edits at the offset, the best first: for who asks
        for them. What was suggested here before stays the first."""
        if self._several and self._several[:2] == (snapshot, offset):
            return self._several[2]
        known = self._remembered.find(snapshot, offset)
        self._drop_others(snapshot.uri)
        most = config.completion.alternatives
        edits = await self._pipeline.several(snapshot, offset, config, most)
        if known and known.edit:
            edits = [known.edit, *(edit for edit in edits if edit != known.edit)][:most]
        for edit in reversed(edits):
            self._remembered.add(snapshot, offset, edit)
        self._several = (snapshot, offset, edits)
        return edits

    async def _found(
        self, snapshot: DocumentSnapshot, offset: int, config: Config, debounced: bool
    ) -> Edit | None:
        known = self._remembered.find(snapshot, offset)
        if known:
            return known.edit
        joined = self._agreeing(snapshot, offset)
        if joined:
            if joined is self._idle.running:
                await self._idle.hasten()
            await joined.join()
            known = self._remembered.find(snapshot, offset)
            if known:
                return known.edit
        self._drop_others(snapshot.uri)
        if not debounced:
            await self._debounce.wait(snapshot, offset)
        return await self._asked(snapshot, offset, config)

    def _agreeing(self, snapshot: DocumentSnapshot, offset: int) -> Running | None:
        for running in (self._running.get(snapshot.uri), self._idle.running):
            if running and not running.over and running.agrees(snapshot, offset):
                return running
        return None

    def _drop_others(self, uri: str) -> None:
        """End what a new request makes useless, so that the engine is free for it."""
        running = self._running.pop(uri, None)
        if running:
            running.cancel()
        self._idle.end()

    async def _asked(self, snapshot: DocumentSnapshot, offset: int, config: Config) -> Edit | None:
        started = time.monotonic()

        async def work(tell: Tell) -> Edit | None:
            edit = await self._pipeline.suggest(snapshot, offset, config, tell)
            self._remembered.add(snapshot, offset, edit)
            return edit

        running = self._running[snapshot.uri] = Running(snapshot, offset, work)
        edit = await running.join()
        self._debounce.answered(time.monotonic() - started)
        return edit

    def _busy(self) -> bool:
        return any(not running.over for running in self._running.values())
