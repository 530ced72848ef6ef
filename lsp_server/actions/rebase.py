"""Moves edits to a document that changed while the answer was written. Pure functions.

Only where the lines they are for are found again, word for word and without doubt: what was typed
stands above or below them, or they occur once before and after. Else the edits are refused.
"""

from lsp_server.documents import DocumentSnapshot, Edit


def moved_line(old: DocumentSnapshot, new: DocumentSnapshot, first: int, last: int) -> int | None:
    """Where the old lines `first` to `last` start in the new document; None where that is not
    certain."""
    if old.text == new.text:
        return first
    before, after = _lines(old), _lines(new)
    if old.newline != new.newline and min(len(before), len(after)) > 1:
        return None
    same = _common(before, after)
    if last < same:
        return first
    same_end = _common(before[same:][::-1], after[same:][::-1])
    if first >= len(before) - same_end:
        return first + len(after) - len(before)
    wanted = before[first : last + 1]
    if len(_occurrences(before, wanted)) == 1 and len(found := _occurrences(after, wanted)) == 1:
        return found[0]
    return None


def rebased(
    edits: tuple[Edit, ...], old: DocumentSnapshot, new: DocumentSnapshot, first: int, last: int
) -> tuple[Edit, ...] | None:
    """Edits of the old lines `first` to `last` as edits of the new document; None where they have
    no certain place in it."""
    line = moved_line(old, new, first, last)
    if line is None:
        return None
    start, end = old.line_starts[first], old.line_starts[last] + len(old.line(last))
    by = new.line_starts[line] - start
    if old.text[start:end] != new.text[start + by : end + by]:
        return None
    return tuple(Edit(edit.start + by, edit.end + by, edit.text) for edit in edits)


def _lines(snapshot: DocumentSnapshot) -> list[str]:
    return [snapshot.line(number) for number in range(snapshot.line_count)]


def _common(a: list[str], b: list[str]) -> int:
    """How many first lines are the same."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))


def _occurrences(lines: list[str], wanted: list[str]) -> list[int]:
    size = len(wanted)
    return [i for i in range(len(lines) - size + 1) if lines[i : i + size] == wanted]
