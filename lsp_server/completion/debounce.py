"""How long to wait for the next key before the engine is asked.

A request that the next key supersedes is wasted work. Where one types faster than suggestions
come, a request waits for a pause as long as the typing's rhythm, but never long; where suggestions
come faster than keys, or a line has just begun, it does not wait at all.
"""

import asyncio
import time

from lsp_server.documents import DocumentSnapshot

# Seconds. A person doesn't notice the longest wait; a longer pause between keys is thinking.
_LONGEST_WAIT = 0.12
_THINKING = 1.0
_WEIGHT = 0.3


class Debounce:
    """Learns the rhythm of typing and the time an answer takes (moving averages, in seconds)."""

    def __init__(self) -> None:
        self._interval = 0.0
        self._latency = 0.0
        self._last_key = 0.0

    def key(self) -> None:
        """A request came, so a key was typed."""
        now = time.monotonic()
        interval, self._last_key = now - self._last_key, now
        if interval < _THINKING:
            self._interval = _average(self._interval, interval)

    def answered(self, seconds: float) -> None:
        """The engine took so long."""
        self._latency = _average(self._latency, seconds)

    def delay(self, snapshot: DocumentSnapshot, offset: int) -> float:
        """Seconds to wait for a request at this place."""
        line_start = snapshot.line_starts[snapshot.line_of(offset)]
        if not snapshot.text[line_start:offset].strip():
            return 0.0
        if self._latency <= self._interval:
            return 0.0
        return min(self._interval, _LONGEST_WAIT)

    async def wait(self, snapshot: DocumentSnapshot, offset: int) -> None:
        delay = self.delay(snapshot, offset)
        if delay:
            await asyncio.sleep(delay)


def _average(old: float, new: float) -> float:
    return new if not old else old + _WEIGHT * (new - old)
