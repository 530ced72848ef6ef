"""What of a file the model is shown: as much as the budget allows, chosen by syntax.

The code around the cursor comes first, then a skeleton of the rest (imports, the heads of what
encloses the cursor, siblings without their bodies), then more of the code around it.

Two properties keep an engine's KV cache serving while a person types:

- the start of the shown code moves in steps: it is chosen among the lines that a fixed slack
  allows, and the same line stays the best choice while the cursor moves on some lines;
- the suffix does not depend on what is typed before the cursor on its line. That line is blank
  in the parsed text too (but for what it opens for the lines below), and the outline stays while
  one is on it, so a half-typed string or bracket can't change what is shown below it.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass

from lsp_server.context.budget import Count, cut_end, cut_start, is_hopeless
from lsp_server.context.changed import changed_lines
from lsp_server.context.sides import LinesAbove, LinesBelow
from lsp_server.context.standing import standing_outline
from lsp_server.documents import DocumentSnapshot

# Of a file larger than the budget, a quarter of what is shown stands after the cursor.
_SUFFIX_SHARE = 4
# Of each side, what is near the cursor gets so much, the skeleton of the rest the other part.
_NEAR = 0.65
# The start moves in steps of 1/8 of the budget: so much may remain unspent, and goes to the suffix.
# Where that can't take it, the steps are smaller.
_STEPS = (8, 16)
_LEAST_STEP = 48
# More than 1/20 of the budget is not left unspent.
_MOST_UNSPENT = 20
# The cursor's line is charged in steps of 1/48 of the budget, or of what a usual line has, so that
# typing keeps the shares.
_LINE_STEP = 48
_USUAL_LINE = 48

# Two for a document: what is shown, and what is shown at first.
_KEPT_SIDES = 8
# The definitions of names on so many lines above the cursor come first. The lines are counted from
# the last multiple of the step.
_NAMES_LINES = 32
_NAMES_STEP = 8
_NAMES_CHARACTERS = 4_000
_NAME = re.compile(r"[^\W\d]\w{2,}")


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
    start, end = snapshot.line_bounds(number)
    left, right = snapshot.text[start:offset], snapshot.text[offset:end]
    left_cost, right_cost = _cost(left, budget, count), _cost(right, budget, count)
    above, below = _sides(snapshot, number, budget, count)
    if above.cost + left_cost + right_cost + below.cost <= budget:
        return Window(snapshot.text[:offset], snapshot.text[offset:])

    charge = max(1, min(budget // _LINE_STEP, _USUAL_LINE))
    reserved = (left_cost // charge + 1) * charge
    suffix_budget = _suffix_budget(budget, above.cost + reserved, right_cost + below.cost)
    prefix_budget = budget - suffix_budget

    outline = standing_outline(snapshot, number)
    used = _names_used(snapshot, number)
    prefix, above_cost = cut_start(left, prefix_budget, count), 0
    is_whole = prefix == left
    if is_whole:
        step = _step(budget, right_cost + below.cost - suffix_budget)
        shown, above_cost = above.shown(outline, prefix_budget, reserved, _NEAR, step, used)
        prefix = shown + left
        suffix_budget = budget - reserved - above_cost
    suffix = cut_end(right, suffix_budget, count)
    if suffix != right:
        return Window(prefix, suffix)

    shown, below_cost = below.shown(outline, suffix_budget, right_cost, _NEAR, used=used)
    suffix += shown
    # What neither side could take, lines being what they are, is offered to the first again.
    left_over = suffix_budget - right_cost - below_cost
    if is_whole and left_over + charge > budget // _MOST_UNSPENT:
        step = budget // (2 * _LEAST_STEP)
        most = budget - right_cost - below_cost
        shown, _ = above.shown(outline, most, reserved, _NEAR, step, used)
        prefix = shown + left
    return Window(prefix, suffix)


@dataclass(frozen=True)
class _Sides:
    """The lines around the cursor's, as long as only that one is changed."""

    snapshot: DocumentSnapshot
    number: int
    above: LinesAbove
    below: LinesBelow

    def serve(self, snapshot: DocumentSnapshot, number: int) -> bool:
        """Whether they are those of a later text, too: it differs in the cursor's line at most."""
        if self.number != number:
            return False
        change = changed_lines(self.snapshot, snapshot)
        return change == (number, number + 1, number + 1) or len(set(change)) == 1


_last_sides: OrderedDict[tuple[str, int], _Sides] = OrderedDict()


def _sides(
    snapshot: DocumentSnapshot, number: int, budget: int, count: Count
) -> tuple[LinesAbove, LinesBelow]:
    """The lines before and after the cursor's, kept for the keys that follow on the same line."""
    last = _last_sides.get((snapshot.uri, budget))
    if last and last.serve(snapshot, number):
        return last.above.recounted(count), last.below.recounted(count)
    above = LinesAbove(snapshot, number, budget, count)
    # Nothing after the cursor is counted that has no chance to be shown.
    most_below = max(budget // _SUFFIX_SHARE, budget - above.cost) + budget // _SUFFIX_SHARE
    below = LinesBelow(snapshot, number + 1, min(budget, most_below), count)
    _last_sides[snapshot.uri, budget] = _Sides(snapshot, number, above, below)
    while len(_last_sides) > _KEPT_SIDES:
        _last_sides.pop(next(iter(_last_sides)), None)
    return above, below


def forget_costs() -> None:
    """Another model counts from now on: what lines cost by the one before holds no more."""
    _last_sides.clear()


def _names_used(snapshot: DocumentSnapshot, number: int) -> list[str]:
    """The names on the lines above the cursor, the nearest first. They change in steps, too: the
    last lines written count only when some more are."""
    end = number - number % _NAMES_STEP
    starts = snapshot.line_starts
    text = snapshot.text[starts[max(0, end - _NAMES_LINES)] : starts[end]][-_NAMES_CHARACTERS:]
    return list(dict.fromkeys(reversed(_NAME.findall(text))))


def _cost(text: str, budget: int, count: Count) -> int:
    """The text's cost; one more than the budget where it is too long to be worth counting."""
    if not text:
        return 0
    return budget + 1 if is_hopeless(text, budget) else count([text])[0]


def _step(budget: int, takes_more: int) -> int:
    """The widest step whose unspent tokens the suffix can take, which could take so many more."""
    steps = (budget // part for part in _STEPS)
    return next((step for step in steps if step <= takes_more), budget // _LEAST_STEP)


def _suffix_budget(budget: int, before: int, after: int) -> int:
    """A quarter for what stands after the cursor, more where what stands before it is short, less
    where it is short itself."""
    return max(0, min(after, max(budget // _SUFFIX_SHARE, budget - before)))
