"""Open documents. The event loop changes them; everything past the handlers sees frozen snapshots.

Positions in here are offsets in code points into `text`, or (line, column) pairs of the same
unit. What the editor counts in (UTF-16 as a rule) is known to `convert.py` alone.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

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
    def line_starts(self) -> list[int]:
        """The offset at which each line starts; a text that ends in a line end has a last, empty
        line, as editors count it."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

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

    def line_of(self, offset: int) -> int:
        """The number of the line that holds the offset."""
        return bisect_right(self.line_starts, offset) - 1


@dataclass(frozen=True)
class Edit:
    """Replace text[start:end] by `text`."""

    start: int
    end: int
    text: str


class DocumentStore:
    """The open documents by uri."""

    def __init__(self) -> None:
        self._documents: dict[str, DocumentSnapshot] = {}

    def open(self, snapshot: DocumentSnapshot) -> None:
        self._documents[snapshot.uri] = snapshot

    def replace_text(self, uri: str, version: int, text: str) -> None:
        """A new version with this text. Raises KeyError where the document isn't open."""
        old = self._documents[uri]
        self._documents[uri] = DocumentSnapshot(uri, version, old.language, text)

    def close(self, uri: str) -> None:
        self._documents.pop(uri, None)

    def get(self, uri: str) -> DocumentSnapshot | None:
        return self._documents.get(uri)

    def is_current(self, snapshot: DocumentSnapshot) -> bool:
        """Whether the document still is what it was when the snapshot was taken."""
        return self._documents.get(snapshot.uri) is snapshot


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with non-overlapping edits applied, given in any order."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
