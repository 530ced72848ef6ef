"""The lines on one side of a place, and which of them are shown within a budget.

Shown are the nearest lines, whole, and of what lies beyond them a skeleton.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import Self

from lsp_server.context.budget import Count, counted_lines
from lsp_server.context.indent import is_deeper
from lsp_server.context.skeleton import Names, Skeleton, add_above, add_below
from lsp_server.context.standing import StandingOutline
from lsp_server.documents import DocumentSnapshot

# An edge gives up to 1/50 of its side's budget for a line that is a better place to end.
_EDGE_SLACK = 50

# What starts nowhere, such as a line in the middle of a string, is a poor place for an edge.
_POOR = 1000
# A part of the lines that is hardly worth showing.
_NEXT_TO_NOTHING = 8


# So many lines are cut out of the text at a time.
_CUT_AT_A_TIME = 64


class _Side(ABC):
    """The lines of a document from `first` up to `end`, taken outward from the cursor.

    `cost` is that of all lines, or more than the budget where they don't fit it together.
    """

    def __init__(
        self, snapshot: DocumentSnapshot, first: int, end: int, budget: int, count: Count
    ) -> None:
        self._snapshot = snapshot
        self._first = first
        self._end = end
        self._count = count
        self._shown: dict[tuple[object, ...], tuple[str, int]] = {}
        self._costs = counted_lines(self._outward(), budget, count)
        self._total = [0, *accumulate(self._costs)]
        self._all_fit = len(self._costs) == end - first
        self.cost = self._total[-1] if self._all_fit else budget + 1

    @abstractmethod
    def _outward(self) -> Iterator[str]:
        """The lines with their ends, the nearest first. A long document has more of them than are
        ever looked at."""

    @abstractmethod
    def edge(self, n: int) -> int:
        """The line at which the part that isn't shown meets the nearest n lines."""

    @abstractmethod
    def _distance(self, line: int) -> int:
        """How many of the nearest lines have to be shown for this one to be among them."""

    @abstractmethod
    def _fill(self, skeleton: Skeleton, outline: StandingOutline, n: int, used: Names) -> None:
        """Add to the skeleton what it has room for of what lies beyond the nearest n lines."""

    @abstractmethod
    def _joined(self, n: int, skeleton: Skeleton) -> str:
        """The nearest n lines and the skeleton in the file's order."""

    def shown(
        self,
        outline: StandingOutline | None,
        budget: int,
        reserved: int,
        near: float,
        step: int = 0,
        used: Names = (),
    ) -> tuple[str, int]:
        """What is shown for `budget` tokens, of which `reserved` are already spent, and its cost
        without these.

        The nearest lines get `near` (0 to 1) of the budget with what is reserved, and what the
        skeleton leaves of the rest. With `step` the far edge moves in steps of about so many
        tokens, and up to these and a half remain unspent. `used` are the names in the code around
        the cursor, whose definitions come first.
        """
        key = (outline, budget, reserved, near, step, tuple(used))
        if key not in self._shown:
            self._shown[key] = self._chosen(outline, budget, reserved, near, step, used)
        return self._shown[key]

    def recounted(self, count: Count) -> Self:
        """The same lines, their costs known, for another request."""
        self._count = count
        return self

    def _chosen(
        self,
        outline: StandingOutline | None,
        budget: int,
        reserved: int,
        near: float,
        step: int,
        used: Names,
    ) -> tuple[str, int]:
        if self._all_fit and self.cost + reserved <= budget:
            return self._joined(self._end - self._first, Skeleton(0)), self.cost
        near_budget = max(0, int(budget * near) - reserved)
        n = self._reach(near_budget)
        n = self._best(outline, self._least(n, step), n)
        # In steps all that follows depends on n alone, not on how far the cursor is from there.
        skeleton = Skeleton(max(0, budget - reserved - (near_budget if step else self._total[n])))
        if outline:
            self._fill(skeleton, outline, n, used)
        slack = step // 2 if step else budget // _EDGE_SLACK
        most = self._extended(n, skeleton)
        more, filled = self._grown(outline, skeleton, n, most, slack, used)
        if filled.lacking:
            most = max(n, self._reach(self._total[more] - filled.lacking))
            more, filled = self._grown(outline, skeleton, n, most, slack, used)
        return self._joined(more, filled), self._total[more] + filled.cost

    def _grown(
        self,
        outline: StandingOutline | None,
        skeleton: Skeleton,
        n: int,
        most: int,
        slack: int,
        used: Names,
    ) -> tuple[int, Skeleton]:
        """How many of at most so many lines to show in place of n, and the skeleton beyond."""
        more = self._best(outline, max(n, self._least(most, slack)), most)
        skeleton = self._beyond(skeleton, n, more)
        if outline:
            self._fill(skeleton, outline, more, used)
        return more, skeleton

    def _reach(self, budget: int) -> int:
        """How many of the nearest lines fit the budget."""
        return bisect_right(self._total, budget) - 1

    def _least(self, n: int, slack: int) -> int:
        """The fewest lines that cost at most `slack` less than n lines do."""
        return min(n, bisect_left(self._total, self._total[n] - slack))

    def _best(self, outline: StandingOutline | None, least: int, most: int) -> int:
        """The best number of lines: where a statement begins, the less nested the better, and then
        by the roundest line number. The same one stays best while least and most move a little."""

        def rank(n: int) -> tuple[int, int]:
            depth = outline.depth(self.edge(n)) if outline else 0
            return (_POOR if depth is None else depth, -_roundness(self.edge(n)))

        return min(range(most, least - 1, -1), key=rank)

    def _least_cut(self, n: int, is_cut: Callable[[int], bool]) -> int:
        """The most lines up to n at whose edge nothing is cut in two; n itself where that would
        leave next to nothing."""
        whole = n
        while whole and is_cut(self.edge(whole)):
            whole -= 1
        return whole if _NEXT_TO_NOTHING * self._total[whole] >= self._total[n] else n

    def _extended(self, n: int, skeleton: Skeleton) -> int:
        """How many lines can be shown with what the skeleton leaves. A piece of it that is wholly
        among them gives its cost back."""
        refunds = {
            max(self._distance(piece.first), self._distance(piece.last)): cost
            for piece, cost in skeleton.chosen
        }
        spare = skeleton.budget - skeleton.cost
        for more in range(n + 1, len(self._costs) + 1):
            spare += refunds.get(more, 0) - self._costs[more - 1]
            if spare < 0:
                return more - 1
        return len(self._costs)

    def _beyond(self, skeleton: Skeleton, n: int, more: int) -> Skeleton:
        """The skeleton without the pieces that `more` lines touch, and without the budget that
        these lines take."""
        kept = [
            (piece, cost)
            for piece, cost in skeleton.chosen
            if min(self._distance(piece.first), self._distance(piece.last)) > more
        ]
        return Skeleton(skeleton.budget - (self._total[more] - self._total[n]), kept)


def _roundness(line: int) -> int:
    """The largest power of two that divides the line's number."""
    return line & -line if line else 1 << 30


class LinesAbove(_Side):
    """The lines before line `end`."""

    def __init__(self, snapshot: DocumentSnapshot, end: int, budget: int, count: Count) -> None:
        super().__init__(snapshot, 0, end, budget, count)

    def _outward(self) -> Iterator[str]:
        for end in range(self._end, 0, -_CUT_AT_A_TIME):
            yield from reversed(_lines(self._snapshot, max(0, end - _CUT_AT_A_TIME), end))

    def edge(self, n: int) -> int:
        return self._end - n

    def _best(self, outline: StandingOutline | None, least: int, most: int) -> int:
        """Not in a string or comment, unless its quotes can be shown without the rest."""
        n = super()._best(outline, least, most)
        if outline is None or outline.outline.splits_texts:
            return n
        return self._least_cut(n, outline.is_in_text)

    def _distance(self, line: int) -> int:
        return self._end - line

    def _fill(self, skeleton: Skeleton, outline: StandingOutline, n: int, used: Names) -> None:
        add_above(skeleton, outline, self.edge(n), self._count, used)

    def _joined(self, n: int, skeleton: Skeleton) -> str:
        return skeleton.text + _text(self._snapshot, self._end - n, self._end)


class LinesBelow(_Side):
    """The lines from line `first` on."""

    def __init__(self, snapshot: DocumentSnapshot, first: int, budget: int, count: Count) -> None:
        super().__init__(snapshot, first, snapshot.line_count, budget, count)

    def _outward(self) -> Iterator[str]:
        for first in range(self._first, self._end, _CUT_AT_A_TIME):
            yield from _lines(self._snapshot, first, min(first + _CUT_AT_A_TIME, self._end))

    def edge(self, n: int) -> int:
        return self._first + n

    def _best(self, outline: StandingOutline | None, least: int, most: int) -> int:
        """Not behind a line that opens something, of which nothing would follow, nor within
        brackets or a string that begin below the cursor."""
        n = super()._best(outline, least, most)
        if outline is None:
            return n
        while n and self._opens(outline, self.edge(n)):
            n -= 1
        return self._least_cut(n, lambda line: self._leaves_part(outline, line))

    def _leaves_part(self, outline: StandingOutline, line: int) -> bool:
        return self._opens(outline, line) or outline.cuts(line, self._first)

    def _opens(self, outline: StandingOutline, line: int) -> bool:
        """Whether what stands before the line opens what begins there."""
        return _is_deeper(outline, line) or is_deeper(self._snapshot, line)

    def _distance(self, line: int) -> int:
        return line - self._first + 1

    def _fill(self, skeleton: Skeleton, outline: StandingOutline, n: int, used: Names) -> None:
        if self.edge(n) < self._end:
            add_below(skeleton, outline, self.edge(n), self._count, used)

    def _joined(self, n: int, skeleton: Skeleton) -> str:
        return _text(self._snapshot, self._first, self._first + n) + skeleton.text


def _is_deeper(outline: StandingOutline, line: int) -> bool:
    """Whether the line is nested more deeply than the one before it."""
    before, here = outline.depth(line - 1), outline.depth(line)
    return before is not None and here is not None and here > before


def _lines(snapshot: DocumentSnapshot, first: int, end: int) -> list[str]:
    bounds = [*snapshot.line_starts[first : end + 1], len(snapshot.text)]
    return [snapshot.text[start:stop] for start, stop in pairwise(bounds[: end - first + 1])]


def _text(snapshot: DocumentSnapshot, first: int, end: int) -> str:
    """The lines from `first` up to `end`, their ends included."""
    if first >= end:
        return ""
    starts = snapshot.line_starts
    stop = starts[end] if end < len(starts) else len(snapshot.text)
    return snapshot.text[starts[first] : stop]
