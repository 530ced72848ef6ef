"""Who uses the engine, and when it may go: a while after the last client has left."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lsp_server.engine.protocol import Condition, Phase
from lsp_server.engine.wire import condition_json

# A comment on the wire from time to time, so that a connection that died is noticed.
_HEARTBEAT = 15.0
_FIRST_CLIENT = 60.0


class Clients:
    """Counts attached clients and open requests; calls `leave` `keep_alive` seconds after the last.

    A language server attaches for its whole life. Other tools just ask; their requests keep the
    engine too.
    """

    def __init__(self, keep_alive: float, leave: Callable[[], None]) -> None:
        self.attached = 0
        self.busy = 0
        self._keep_alive = keep_alive
        self._leave = leave
        self._timer: asyncio.TimerHandle | None = None
        self._condition = Condition(Phase.LOADING)
        self._changed = asyncio.Event()

    def start(self) -> None:
        """Begin to wait for the first client, which started us and is on its way."""
        self._wait_if_unused(at_least=_FIRST_CLIENT)

    def tell(self, condition: Condition) -> None:
        """Tell how the engine fares to all that are attached, and to those that come."""
        self._condition = condition
        self._changed.set()
        self._changed = asyncio.Event()

    @contextmanager
    def using(self) -> Iterator[None]:
        """While a request is answered."""
        self.busy += 1
        self._stop_waiting()
        try:
            yield
        finally:
            self.busy -= 1
            self._wait_if_unused()

    async def attach(self) -> AsyncGenerator[dict[str, Any], None]:
        """One client's stay, as a stream that ends when it goes and tells how the engine fares."""
        self.attached += 1
        with self.using():
            try:
                while True:
                    changed = self._changed
                    yield {"attached": self.attached, **condition_json(self._condition)}
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), _HEARTBEAT)
            finally:
                self.attached -= 1

    def _wait_if_unused(self, at_least: float = 0.0) -> None:
        if self.busy == 0:
            self._stop_waiting()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(self._keep_alive, at_least), self._leave)

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
