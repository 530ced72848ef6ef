"""What was typed since: whether a document only grew at a place, and by which text."""

from dataclasses import dataclass

from lsp_server.documents import DocumentSnapshot, Edit

# What editors close by themselves when the opener is typed.
_AUTO_CLOSED = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}


@dataclass(frozen=True)
class Typed:
    """The text that was typed, and the closer that the editor put behind it by itself."""

    text: str
    closer: str = ""


def typed_since(
    old: DocumentSnapshot, old_offset: int, new: DocumentSnapshot, new_offset: int
) -> Typed | None:
    """What was typed at the cursor between two snapshots; None where anything else changed."""
    grown = new_offset - old_offset
    if grown < 0 or old.uri != new.uri:
        return None
    closer_length = len(new.text) - len(old.text) - grown
    if closer_length not in (0, 1) or not new.text.startswith(old.text[:old_offset]):
        return None
    text = new.text[old_offset:new_offset]
    closer = new.text[new_offset : new_offset + closer_length]
    if closer and _AUTO_CLOSED.get(text[-1:]) != closer:
        return None
    if new.text[new_offset + closer_length :] != old.text[old_offset:]:
        return None
    return Typed(text, closer)


def rest_of(edit: Edit, typed: Typed, offset: int) -> Edit | None:
    """What is left of a suggestion after the typed text; None where it says something else, or
    nothing is left. A closer that the editor put there is replaced by the suggestion's own."""
    rest = edit.text[len(typed.text) :]
    if not rest or not edit.text.startswith(typed.text):
        return None
    if typed.closer and typed.closer not in rest:
        return None
    replaced = edit.end - edit.start + len(typed.closer)
    return Edit(offset, offset + replaced, rest)
