"""A circuit that opens where a server keeps failing, so that it is left alone for a while.

Closed, requests go through. After some failures in a row it opens: requests fail at once. When its
pause is over one request may try; if that succeeds the circuit closes, if not it opens for longer.
"""

import time
from collections.abc import Callable

from lsp_server.errors import EngineError, EngineGone

_FAILURES = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0


class Circuit:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._pause = _FIRST_PAUSE
        self._why: EngineError | None = None
        self._trying = False

    @property
    def closed(self) -> bool:
        return self._opened is None

    def enter(self) -> None:
        """Before a request. Raises EngineGone where the circuit is open; after its pause one
        request at a time is let through."""
        if self._opened is None:
            return
        rest = self._opened + self._pause - self._clock()
        if rest > 0 or self._trying:
            assert self._why
            raise EngineGone(self._why.message, self._why.hint)
        self._trying = True

    def succeeded(self) -> None:
        self._failures, self._opened, self._pause = 0, None, _FIRST_PAUSE
        self._trying = False

    def failed(self, why: EngineError) -> None:
        """A request failed, by the server's fault; `why` is told while the circuit is open."""
        self._failures += 1
        self._why = why
        if self._opened is not None:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if self._opened is not None or self._failures >= _FAILURES:
            self._opened = self._clock()
        self._trying = False

    def left(self) -> None:
        """A request was cancelled before it could tell."""
        self._trying = False
