"""What idle time is used for: the suggestion after the one that is shown, and the code around the
cursor read whole. Every request of the user's goes before it.
"""

import asyncio
import uuid
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from lsp_server.completion.pipeline import Pipeline
from lsp_server.completion.remembered import Remembered
from lsp_server.completion.running import Running, Tell
from lsp_server.config import Config
from lsp_server.documents import DocumentSnapshot, Edit, apply_edits


class IdleTime:
    """One thing at a time; what is begun anew ends what went before."""

    def __init__(self, pipeline: Pipeline, remembered: Remembered) -> None:
        self._pipeline = pipeline
        self._remembered = remembered
        self._task: asyncio.Task[None] | None = None
        self._place: tuple[str, str, int] | None = None
        self._name = ""
        self.running: Running | None = None
        """The generation of this time, which a key that agrees with it may join."""

    def after(
        self, snapshot: DocumentSnapshot, offset: int, edit: Edit | None, config: Config
    ) -> None:
        """The user reads a suggestion: fetch what would come after accepting it."""
        if self.running and not self.running.over:
            return  # begun for an earlier key, and of use still: what agrees with it isn't ended
        if edit:
            accepted = replace(snapshot, text=apply_edits(snapshot.text, [edit]))
            self.at(accepted, edit.start + len(edit.text), config)
        else:
            self.end()
            self._begin(self._read(snapshot, offset, config))

    def at(self, snapshot: DocumentSnapshot, offset: int, config: Config) -> None:
        """Prepare for keys at this place: what would be suggested here, and the code around it."""
        place = (snapshot.uri, snapshot.text, offset)
        if place == self._place:
            return  # while a suggestion is typed, what would come after it stays the same
        self.end()
        self._place = place
        if self._remembered.find(snapshot, offset):
            self._begin(self._read(snapshot, offset, config))
        else:
            self._begin(self._suggest_and_read(snapshot, offset, config))

    async def hasten(self) -> None:
        """A key waits for what is running."""
        await self._pipeline.hasten(self._name)

    def end(self) -> None:
        """Leave the engine to somebody else."""
        if self._task:
            self._task.cancel()
        if self.running:
            self.running.cancel()
        self._task = self.running = self._place = None

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.ensure_future(work)
        # Nobody waits for it, so nobody looks at how it ended.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _suggest_and_read(
        self, snapshot: DocumentSnapshot, offset: int, config: Config
    ) -> None:
        name = self._name = uuid.uuid4().hex

        async def work(tell: Tell) -> Edit | None:
            found = await self._pipeline.suggest(snapshot, offset, config, tell, name)
            self._remembered.add(snapshot, offset, found)
            return found

        self.running = Running(snapshot, offset, work, False)
        await self.running.ended()
        await self._read(snapshot, offset, config)

    async def _read(self, snapshot: DocumentSnapshot, offset: int, config: Config) -> None:
        """The first answers came from the nearest code only, where the machine reads slowly."""
        await self._pipeline.read(snapshot, offset, config)
