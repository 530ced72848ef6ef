"""What the server is doing, in one word that tells the truth, for whoever shows it to the user."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from lsp_server.engine.protocol import Condition, Phase

# What is answered from memory is not worth a word.
_AT_ONCE = 0.1


class Status:
    """The engine's condition, and whether anything is asked of it."""

    def __init__(self) -> None:
        self.condition = Condition(Phase.LOADING)
        self.observers: list[Callable[[], None]] = []
        self._thinking = 0

    def set(self, condition: Condition) -> None:
        self.condition = condition
        self.changed()

    def changed(self) -> None:
        """Tell the observers to look again."""
        for observer in self.observers:
            observer()

    def word(self, enabled: bool) -> str:
        """`loading`, `gone`, `failed`, `thinking`, `off` or `ready`: the first that is true.
        `enabled` is whether completions are wanted."""
        if self.condition.phase is not Phase.READY:
            return self.condition.phase.value
        return "thinking" if self._thinking else "ready" if enabled else "off"

    @asynccontextmanager
    async def thinking(self) -> AsyncIterator[None]:
        """While something is asked of the model."""
        said = False

        def say() -> None:
            nonlocal said
            said = True
            self._thinking += 1
            self.changed()

        timer = asyncio.get_running_loop().call_later(_AT_ONCE, say)
        try:
            yield
        finally:
            timer.cancel()
            if said:
                self._thinking -= 1
                self.changed()
