"""The replay: events in their time, each key followed until its suggestion is there."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from benchmarks.typing.document import Document, Shown
from benchmarks.typing.recording import Accept, Arrive, Event, Key, Newline, Think, source


class Kind(StrEnum):
    """What a key was: only keys on a line have the line's prompt before them."""

    FIRST = "first after a jump"
    ON_LINE = "on a line"
    NEWLINE = "newline"
    ACCEPT = "accept"


@dataclass(frozen=True)
class Answered:
    """A key and its answer, in seconds of the monotonic clock; `until` is when the next event came.
    `asked` is whether the engine answered, None where its records tell that."""

    kind: Kind
    started: float
    ended: float
    until: float
    shown: Shown | None
    asked: bool | None = None

    @property
    def ms(self) -> float:
        return (self.ended - self.started) * 1000


class Way(Protocol):
    """An editor and what completes in it."""

    async def arrive(self, document: Document) -> None:
        """The cursor comes to rest at a new place."""
        ...

    def see(self, document: Document) -> None:
        """The document as a key has just made it, before the clock starts: an editor knows what
        changed without looking for it."""
        ...

    async def key(self, document: Document) -> tuple[Shown | None, bool | None]:
        """A key was pressed. Returns when its suggestion is on the screen, or it is certain that
        there will be none: the suggestion, and whether it was waited for, where that is known."""
        ...


async def replay(
    way: Way, events: Iterable[Event], interval: float, pause: float
) -> list[Answered]:
    """Every key waits for its answer, then for `interval` seconds; after a jump the cursor rests
    for `pause` seconds."""
    documents: dict[str, Document] = {}
    document = Document("", "", 0)
    shown: Shown | None = None
    kind = Kind.FIRST
    answered: list[Answered] = []
    for event in events:
        if isinstance(event, Think):
            await asyncio.sleep(event.seconds)
            continue
        if isinstance(event, Arrive):
            documents[document.file] = document
            file = event.place.file
            document = (documents.get(file) or Document(file, source(file), 0)).at(event.place)
            await way.arrive(document)
            shown, kind = None, Kind.FIRST
            await asyncio.sleep(pause)
            continue
        if kind is not Kind.FIRST:
            kind = _kind(event)
        document = document.after(event, shown)
        way.see(document)
        started = time.monotonic()
        shown, asked = await way.key(document)
        ended = time.monotonic()
        await asyncio.sleep(interval)
        answered.append(Answered(kind, started, ended, time.monotonic(), shown, asked))
        kind = Kind.ON_LINE  # no longer the first
    return answered


def _kind(key: Key) -> Kind:
    if isinstance(key, Accept):
        return Kind.ACCEPT
    return Kind.NEWLINE if isinstance(key, Newline) else Kind.ON_LINE
