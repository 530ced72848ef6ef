"""A generation under way, which keys that agree with it may join."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from lsp_server.completion.typed import typed_since
from lsp_server.documents import DocumentSnapshot, Edit

Tell = Callable[[str], None]


class Running:
    """One generation and who waits for it. It is cancelled when nobody does any more."""

    def __init__(
        self,
        snapshot: DocumentSnapshot,
        offset: int,
        work: Callable[[Tell], Coroutine[Any, Any, Edit | None]],
        wanted: bool = True,
    ) -> None:
        """`work` is called with what to tell the text so far. A generation that nobody wanted, but
        idle time, is `wanted` False: it goes on without anybody waiting."""
        self._snapshot = snapshot
        self._offset = offset
        self._so_far = ""
        self._waiting = 0
        self._wanted = wanted
        self._task = asyncio.ensure_future(work(self._tell))
        # Where nobody waits, nobody looks at how it ended.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def over(self) -> bool:
        return self._task.done()

    def agrees(self, snapshot: DocumentSnapshot, offset: int) -> bool:
        """Whether what was typed since it began is what it has generated so far."""
        typed = typed_since(self._snapshot, self._offset, snapshot, offset)
        if typed is None:
            return False
        text, so_far = typed.text, self._so_far
        if not so_far:
            # Nothing is generated yet. For another text it is asked anew; what was read serves.
            return not text
        return so_far.startswith(text) or text.startswith(so_far)

    async def join(self) -> Edit | None:
        """Its suggestion, at the place where it began."""
        self._wanted = True
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.cancel()

    async def ended(self) -> None:
        """Wait for its end, without wanting it and whatever the end is."""
        await asyncio.wait([self._task])

    def cancel(self) -> None:
        self._task.cancel()

    def _tell(self, text: str) -> None:
        self._so_far = text
