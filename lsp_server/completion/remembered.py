"""Suggestions that were made, for keys that only type what was suggested."""

from collections import deque
from dataclasses import dataclass

from lsp_server.completion.typed import rest_of, typed_since
from lsp_server.documents import DocumentSnapshot, Edit

_KEPT = 64


@dataclass(frozen=True)
class Suggested:
    """What was suggested at an offset of a snapshot; None where nothing was worth showing."""

    snapshot: DocumentSnapshot
    offset: int
    edit: Edit | None


class Remembered:
    """The latest suggestions, newest first.

    Keyed by the whole document, not by the text before the cursor alone: the same line in another
    place wants another suggestion.
    """

    def __init__(self) -> None:
        self._suggested: deque[Suggested] = deque(maxlen=_KEPT)

    def add(self, snapshot: DocumentSnapshot, offset: int, edit: Edit | None) -> None:
        self._suggested.appendleft(Suggested(snapshot, offset, edit))

    def find(self, snapshot: DocumentSnapshot, offset: int) -> Suggested | None:
        """The suggestion for exactly this place, or what is left of one that is being typed."""
        for suggested in self._suggested:
            typed = typed_since(suggested.snapshot, suggested.offset, snapshot, offset)
            if typed is None:
                continue
            if not typed.text and not typed.closer:
                return Suggested(snapshot, offset, suggested.edit)
            rest = rest_of(suggested.edit, typed, offset) if suggested.edit else None
            if rest:
                return Suggested(snapshot, offset, rest)
        return None
