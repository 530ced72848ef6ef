"""A suggestion that is shown, and what becomes of it as the document changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lsp_server.completion.typed import typed_since
from lsp_server.documents import DocumentSnapshot, Edit, apply_edits

# So many characters at once are taken from a suggestion, fewer may be typed: editors tell of the
# keys of a moment together.
_AT_ONCE = 4


class Outcome(StrEnum):
    """What became of a suggestion."""

    ACCEPTED = "accepted"
    PARTLY = "partly accepted"
    TYPED = "typed out"
    TYPED_OVER = "typed over"
    DISMISSED = "dismissed"


@dataclass
class Offer:
    """Edits to choose from at an offset of a document. `partly` is whether a beginning of one was
    taken, `typed` how much of one stands in the document by now."""

    snapshot: DocumentSnapshot
    offset: int
    edits: Sequence[Edit]
    partly: bool = False
    typed: int = 0

    def change(self, new: DocumentSnapshot) -> Outcome | None:
        """What became of it by a change of the document; None while it is still good."""
        for edit in self.edits:
            if self._is_taken(edit, new):
                at_once = len(edit.text) - self.typed >= _AT_ONCE
                return Outcome.ACCEPTED if at_once or self.partly else Outcome.TYPED
        typed = self._typed_of_one(new)
        if typed is None:
            return self.end(typed_over=self._is_typed_at(new))
        self.partly = self.partly or typed - self.typed >= _AT_ONCE
        self.typed = typed
        return None

    def goes_on_with(self, snapshot: DocumentSnapshot, offset: int, edits: Sequence[Edit]) -> bool:
        """Whether what is offered next is what is left of this, and now takes its place."""
        goes_on = any(
            old.text[self.typed :] == new.text and self._typed_of_one(snapshot) is not None
            for old in self.edits
            for new in edits
        )
        if goes_on:
            self.snapshot, self.offset, self.edits, self.typed = snapshot, offset, edits, 0
        return goes_on

    def end(self, *, typed_over: bool = False) -> Outcome:
        """What became of it where nothing of it can be taken any more."""
        if self.partly:
            return Outcome.PARTLY
        return Outcome.TYPED_OVER if typed_over else Outcome.DISMISSED

    def _is_taken(self, edit: Edit, new: DocumentSnapshot) -> bool:
        """Whether the whole edit was made. Lengths tell without a look at the text, as a rule."""
        length = len(self.snapshot.text) + len(edit.text) - (edit.end - edit.start)
        return len(new.text) == length and new.text == apply_edits(self.snapshot.text, [edit])

    def _typed_of_one(self, new: DocumentSnapshot) -> int | None:
        """How much of one of the edits the document has now; None where it has something else."""
        grown = len(new.text) - len(self.snapshot.text)
        for cursor in (self.offset + grown, self.offset + grown - 1):  # with a closer behind it
            typed = typed_since(self.snapshot, self.offset, new, cursor)
            if typed and any(edit.text.startswith(typed.text) for edit in self.edits):
                return len(typed.text)
        return None

    def _is_typed_at(self, new: DocumentSnapshot) -> bool:
        """Whether the document grew where the cursor was."""
        before = self.snapshot.text[: self.offset]
        return len(new.text) > len(self.snapshot.text) and new.text.startswith(before)
