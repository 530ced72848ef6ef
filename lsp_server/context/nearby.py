"""The nearest lines around a cursor, as they are: what is shown at first on a slow machine.

What was read has to stay of use while a person writes some lines, so that little is chosen here:
the lines above begin at a round number and stay until they no longer fit, and what stands below
does not depend on what stands above.
"""

from lsp_server.context.budget import Count, counted_lines, cut_end, cut_start
from lsp_server.context.trim import Window
from lsp_server.documents import DocumentSnapshot

# The lines above begin at a multiple of so many.
_STEP = 8
# A quarter of what is shown stands after the cursor.
_SUFFIX_SHARE = 4


def nearby_window(snapshot: DocumentSnapshot, offset: int, budget: int, count: Count) -> Window:
    """Whole lines around `offset` that cost at most `budget` tokens, by `count`."""
    offset = max(0, min(offset, len(snapshot.text)))
    number = snapshot.line_of(offset)
    start, end = snapshot.line_bounds(number)
    after = budget // _SUFFIX_SHARE
    left, right = snapshot.text[start:offset], snapshot.text[offset:end]
    prefix = cut_start(left, budget - after, count)
    if prefix == left:
        first = _first_line(snapshot, number, budget - after - _cost(left, count), count)
        prefix = snapshot.text[snapshot.line_starts[first] : start] + left
    suffix = cut_end(right, after, count)
    if suffix == right:
        lines = (_line(snapshot, i) for i in range(number + 1, snapshot.line_count))
        shown = len(counted_lines(lines, after - _cost(right, count), count))
        suffix = right + snapshot.text[end : snapshot.line_bounds(number + shown)[1]]
    return Window(prefix, suffix)


def _first_line(snapshot: DocumentSnapshot, number: int, budget: int, count: Count) -> int:
    """The first of the lines before `number` that are shown."""
    lines = (_line(snapshot, i) for i in range(number - 1, -1, -1))
    first = number - len(counted_lines(lines, budget, count))
    rounded = -(-first // _STEP) * _STEP
    return rounded if rounded < number else first


def _line(snapshot: DocumentSnapshot, number: int) -> str:
    start, end = snapshot.line_bounds(number)
    return snapshot.text[start:end]


def _cost(text: str, count: Count) -> int:
    return count([text])[0] if text else 0
