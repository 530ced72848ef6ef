"""Counts what became of suggestions, told of what is shown, changed and accepted."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Literal

from lsp_server.documents import DocumentSnapshot, Edit
from lsp_server.statistics.offer import Offer, Outcome
from lsp_server.statistics.store import Key, add

Trigger = Literal["typing", "invoked", "menu"]
# Counts are written together, so many seconds after the first of them.
_WRITE_AFTER_S = 5.0
_LONGEST_LANGUAGE = 32


@dataclass
class _Shown:
    number: int
    offer: Offer
    language: str
    trigger: Trigger


class OutcomeCounter:
    """At most one suggestion a document is on the screen. An observer of the document store."""

    def __init__(self, write: Callable[[Mapping[Key, int]], None] = add) -> None:
        self._write = write
        self._numbers = count(1)
        self._shown: dict[str, _Shown] = {}
        self._last: tuple[_Shown, Outcome] | None = None
        self._counts: Counter[Key] = Counter()
        self._thread = ThreadPoolExecutor(1, "statistics")
        self._due: asyncio.TimerHandle | None = None

    def show(
        self, snapshot: DocumentSnapshot, offset: int, edits: Sequence[Edit], trigger: Trigger
    ) -> int:
        """Edits are shown at an offset. The number under which they may be told to be accepted."""
        before = self._shown.get(snapshot.uri)
        if before and before.offer.goes_on_with(snapshot, offset, edits):
            return before.number
        self._end(snapshot.uri)
        language = snapshot.language[:_LONGEST_LANGUAGE]
        shown = _Shown(next(self._numbers), Offer(snapshot, offset, edits), language, trigger)
        self._shown[snapshot.uri] = shown
        self._count(shown, "shown")
        return shown.number

    def accepted(self, number: int, *, partly: bool = False) -> None:
        """An editor says that what has the number was accepted, or a beginning of it."""
        last = self._last
        uri = next((u for u, shown in self._shown.items() if shown.number == number), None)
        if uri is not None and partly:
            self._shown[uri].offer.partly = True
        elif uri is not None:
            self._settle(uri, Outcome.ACCEPTED)
        elif last and last[0].number == number and last[1] is Outcome.TYPED:
            # What is short looks typed. The editor knows better.
            self._count(last[0], last[1], -1)
            self._count(last[0], Outcome.PARTLY if partly else Outcome.ACCEPTED)
            self._last = None

    def note_open(self, snapshot: DocumentSnapshot) -> None:
        self._end(snapshot.uri)

    def note_changed(self, snapshot: DocumentSnapshot) -> None:
        shown = self._shown.get(snapshot.uri)
        outcome = shown.offer.change(snapshot) if shown else None
        if outcome:
            self._settle(snapshot.uri, outcome)

    def note_closed(self, uri: str) -> None:
        self._end(uri)

    async def close(self) -> None:
        """What is still shown was not taken; everything is written."""
        for uri in list(self._shown):
            self._end(uri)
        self._flush()
        await asyncio.to_thread(self._thread.shutdown)

    def _end(self, uri: str) -> None:
        shown = self._shown.get(uri)
        if shown:
            self._settle(uri, shown.offer.end())

    def _settle(self, uri: str, outcome: Outcome) -> None:
        shown = self._shown.pop(uri)
        self._last = (shown, outcome)
        self._count(shown, outcome)

    def _count(self, shown: _Shown, what: str, number: int = 1) -> None:
        self._counts[Key(shown.language, shown.trigger, str(what))] += number
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_WRITE_AFTER_S, self._flush)

    def _flush(self) -> None:
        if self._due:
            self._due.cancel()
            self._due = None
        counts = {key: number for key, number in self._counts.items() if number}
        self._counts.clear()
        if counts:
            self._thread.submit(self._write, counts)
