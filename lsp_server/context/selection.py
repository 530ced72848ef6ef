"""What a selection stands in: the context of a code action."""

import re

from lsp_server.context.budget import Count, is_hopeless
from lsp_server.context.languages import language_of
from lsp_server.context.sides import LinesAbove, LinesBelow
from lsp_server.context.standing import exact_outline
from lsp_server.documents import DocumentSnapshot

# An action is told about the file at large, so the nearest lines get less than while typing.
_NEAR = 0.5
_ABOVE = 0.6


def selection_context(
    snapshot: DocumentSnapshot, start: int, end: int, budget: int, count: Count
) -> str:
    """The surroundings of text[start:end] that cost at most `budget` tokens: imports, heads, the
    nearest lines, and where the selection is taken out, a comment `<selection>`.

    "" where nothing fits or nothing surrounds the selection.
    """
    start, end = sorted(max(0, min(offset, len(snapshot.text))) for offset in (start, end))
    first = snapshot.line_of(start)
    # A selection of whole lines ends at the start of the line that follows.
    last = snapshot.line_of(max(start, end - 1))
    place = _place(snapshot, start, end, last)
    left = budget - (budget + 1 if is_hopeless(place, budget) else count([place])[0])
    if left < 0:
        return ""
    above = LinesAbove(snapshot, first, left, count)
    below = LinesBelow(snapshot, last + 1, left, count)
    for_above = int(left * _ABOVE)
    for_above = max(min(for_above, above.cost), left - below.cost)
    outline = exact_outline(snapshot)
    before, cost = above.shown(outline, for_above, 0, _NEAR)
    after, _ = below.shown(outline, left - cost, 0, _NEAR)
    return before + place + after if (before + after).strip() or place.count("\n") > 1 else ""


def _place(snapshot: DocumentSnapshot, start: int, end: int, last: int) -> str:
    """The comment line that marks the place, between what the selection leaves of its lines."""
    text, newline = snapshot.text, snapshot.newline
    bounds = [*snapshot.line_starts, len(text)]
    head = text[bounds[snapshot.line_of(start)] : start]
    tail = text[end : max(end, bounds[last + 1])]
    language = language_of(snapshot.language, snapshot.uri)
    marker = language.comment_line("<selection>") if language else "<selection>"
    indent = _indentation(head if head.strip() else head + text[start:end])
    before = head.rstrip() + newline if head.strip() else ""
    return before + indent + marker + newline + (tail if tail.strip() else "")


def _indentation(code: str) -> str:
    """The white space before the first code, on its line."""
    space = code[: len(code) - len(code.lstrip())]
    return re.split(r"[\r\n]", space)[-1]
