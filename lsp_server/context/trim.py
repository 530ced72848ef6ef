"""What of a file the model is shown: as much as the budget allows, chosen by syntax.

The code around the cursor comes first, then a skeleton of the rest (imports, the heads of what
encloses the cursor, siblings without their bodies), then more of the code around it.

Two properties keep an engine's KV cache serving while a person types:

- the start of the shown code moves in steps: it is chosen among the lines that a fixed slack
  allows, and the same line stays the best choice while the cursor moves on some lines;
- the suffix does not depend on what is typed before the cursor on its line. That line is blank
  in the parsed text too, so a half-typed string or bracket can't change what is shown below it.
"""

from dataclasses import dataclass, replace

from lsp_server.context.budget import Count, cut_end, cut_start, is_hopeless
from lsp_server.context.outline import outline_of
from lsp_server.context.sides import LinesAbove, LinesBelow, split_lines
from lsp_server.context.skeleton import CLOSER
from lsp_server.documents import DocumentSnapshot

# Of a file larger than the budget, a quarter of what is shown stands after the cursor.
_SUFFIX_SHARE = 4
# Of each side, what is near the cursor gets so much, the skeleton of the rest the other part.
_NEAR = 0.65
# The start moves in steps of 1/8 of the budget: so much may remain unspent, and goes to the suffix
# where that can take more.
_WIDE_STEP = 8
_STEP = 14
# The cursor's line is charged in steps of 1/32 of the budget, so that typing keeps the shares.
_LINE_STEP = 32


@dataclass(frozen=True)
class Window:
    """What stands before and after the cursor, as the model is shown it. Both touch the cursor."""

    prefix: str
    suffix: str


def infill_window(snapshot: DocumentSnapshot, offset: int, budget: int, count: Count) -> Window:
    """The part of the document around `offset` that costs at most `budget` tokens.

    `count` gives the costs of texts, each by itself; the sum over the pieces of the window stays
    within the budget. A document that fits is shown as it is. An offset past the end is the end.
    """
    offset = max(0, min(offset, len(snapshot.text)))
    number = snapshot.line_of(offset)
    lines = split_lines(snapshot)
    column = offset - snapshot.line_starts[number]
    left, right = lines[number][:column], lines[number][column:]
    left_cost, right_cost = _cost(left, budget, count), _cost(right, budget, count)
    above = LinesAbove(lines[:number], budget, count)
    below = LinesBelow(lines[number + 1 :], number + 1, budget, count)
    if above.cost + left_cost + right_cost + below.cost <= budget:
        return Window(snapshot.text[:offset], snapshot.text[offset:])

    charge = max(1, budget // _LINE_STEP)
    reserved = (left_cost // charge + 1) * charge
    suffix_budget = _suffix_budget(budget, above.cost + reserved, right_cost + below.cost)
    prefix_budget = budget - suffix_budget

    outline = outline_of(_with_blank_line(snapshot, number))
    prefix = cut_start(left, prefix_budget, count)
    if prefix == left:
        suffix_takes_more = right_cost + below.cost > suffix_budget
        step = budget // (_WIDE_STEP if suffix_takes_more else _STEP)
        shown, above_cost = above.shown(outline, prefix_budget, reserved, _NEAR, step)
        prefix = shown + left
        suffix_budget = budget - reserved - above_cost
    suffix = cut_end(right, suffix_budget, count)
    if suffix == right:
        suffix += below.shown(outline, suffix_budget, right_cost, _NEAR)[0]
    return Window(prefix, suffix)


def _cost(text: str, budget: int, count: Count) -> int:
    """The text's cost; one more than the budget where it is too long to be worth counting."""
    if not text:
        return 0
    return budget + 1 if is_hopeless(text, budget) else count([text])[0]


def _suffix_budget(budget: int, before: int, after: int) -> int:
    """A quarter for what stands after the cursor, more where what stands before it is short, less
    where it is short itself."""
    return max(0, min(after, max(budget // _SUFFIX_SHARE, budget - before)))


def _with_blank_line(snapshot: DocumentSnapshot, number: int) -> DocumentSnapshot:
    """The document with nothing on the line that is being typed. A space stays, lest two line ends
    become one; a line that only closes blocks stays too, since all that follows depends on it."""
    line = snapshot.line(number)
    if CLOSER.fullmatch(line):
        return snapshot
    start = snapshot.line_starts[number]
    end = start + len(line)
    return replace(snapshot, version=0, text=f"{snapshot.text[:start]} {snapshot.text[end:]}")
