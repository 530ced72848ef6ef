"""Open documents. The event loop changes them; everything past the handlers sees frozen snapshots.

Positions in here are offsets in code points into `text`, or (line, column) pairs of the same
unit. What the editor counts in (UTF-16 as a rule) is known to `convert.py` alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from lsp_server.line_starts import LineStarts

# The protocol's line ends. `str.splitlines` also splits at form feeds, U+2028 and more, which
# puts every later edit on the wrong line.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class DocumentSnapshot:
    """One version of a document, never changed."""

    uri: str
    version: int
    language: str
    text: str

    @cached_property
    def line_starts(self) -> LineStarts:
        """The offset at which each line starts; a text that ends in a line end has a last, empty
        line, as editors count it."""
        return LineStarts.of(self.text)

    @property
    def line_count(self) -> int:
        return len(self.line_starts)

    @cached_property
    def newline(self) -> str:
        """The document's line end: that of its first line, `\\n` where it has only one line."""
        match = _LINE_END.search(self.text)
        return match.group() if match else "\n"

    def line(self, number: int) -> str:
        """The text of a line without its line end. Raises IndexError past the last line."""
        start = self.line_starts[number]
        match = _LINE_END.search(self.text, start)
        return self.text[start : match.start() if match else len(self.text)]

    def line_bounds(self, number: int) -> tuple[int, int]:
        """Where a line starts and ends, its line end included."""
        starts = self.line_starts
        end = starts[number + 1] if number + 1 < len(starts) else len(self.text)
        return starts[number], end

    def line_of(self, offset: int) -> int:
        """The number of the line that holds the offset."""
        return self.line_starts.line_of(offset)

    def edited(self, version: int, edit: "Edit") -> "DocumentSnapshot":
        """The next version. What is known of the lines is kept, so that a key in a long document
        costs no look at the whole."""
        text = "".join((self.text[: edit.start], edit.text, self.text[edit.end :]))
        new = replace(self, version=version, text=text)
        if "line_starts" in self.__dict__:
            starts = self.line_starts.edited(text, edit.start, edit.end)
            new.__dict__["line_starts"] = starts
        return new


@dataclass(frozen=True)
class Edit:
    """Replace text[start:end] by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook. Its text is the document of that uri."""

    uri: str
    is_code: bool


class Observer(Protocol):
    """Is told of open documents by the event loop, so it has to be quick."""

    def note_open(self, snapshot: DocumentSnapshot) -> None: ...
    def note_changed(self, snapshot: DocumentSnapshot) -> None: ...
    def note_closed(self, uri: str) -> None: ...


class DocumentStore:
    """The open documents by uri, and which of them are cells of a notebook."""

    def __init__(self) -> None:
        self.observers: list[Observer] = []
        self._documents: dict[str, DocumentSnapshot] = {}
        self._notebooks: dict[str, tuple[Cell, ...]] = {}

    def open(self, snapshot: DocumentSnapshot) -> None:
        self._documents[snapshot.uri] = snapshot
        for observer in self.observers:
            observer.note_open(snapshot)

    def edit(self, uri: str, version: int, edit: Edit) -> None:
        """A new version with the edit applied. Raises KeyError where the document isn't open."""
        snapshot = self._documents[uri].edited(version, edit)
        self._documents[uri] = snapshot
        for observer in self.observers:
            observer.note_changed(snapshot)

    def close(self, uri: str) -> None:
        self._documents.pop(uri, None)
        for observer in self.observers:
            observer.note_closed(uri)

    def get(self, uri: str) -> DocumentSnapshot | None:
        return self._documents.get(uri)

    def is_current(self, snapshot: DocumentSnapshot) -> bool:
        """Whether the document still is what it was when the snapshot was taken."""
        return self._documents.get(snapshot.uri) is snapshot

    def open_notebook(self, uri: str, cells: Iterable[Cell]) -> None:
        self._notebooks[uri] = tuple(cells)

    def change_cells(self, uri: str, start: int, deleted: int, cells: Iterable[Cell]) -> None:
        """Put cells in the place of so many from `start` on."""
        old = self._notebooks.get(uri, ())
        self._notebooks[uri] = (*old[:start], *cells, *old[start + deleted :])

    def close_notebook(self, uri: str) -> None:
        self._notebooks.pop(uri, None)

    def cells_with(self, uri: str) -> tuple[Cell, ...]:
        """The cells of the notebook that has this one, in order; none where it is no cell."""
        found = (n for n in self._notebooks.values() if any(cell.uri == uri for cell in n))
        return next(found, ())


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with non-overlapping edits applied, given in any order."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
