"""Spending a budget of tokens on lines and pieces of text.

Counts are the caller's: exact for each text by itself. A model's tokenizer merges across the
seams, so a sum over pieces is an upper bound of what their joined text costs.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

Count = Callable[[Sequence[str]], list[int]]

# Code has 3 to 4 characters a token, indentation more. A text so much longer than its budget can't
# fit and isn't worth a tokenizer's time.
_CHARACTERS_A_TOKEN = 4
_MOST_CHARACTERS_A_TOKEN = 32

# A line that doesn't fit is cut between segments of so many characters, or of fewer.
_SEGMENTS = (64, 8, 1)


@dataclass(frozen=True)
class Piece:
    """Text that stands for the lines from `first` to `last`, whole lines with their ends."""

    first: int
    last: int
    text: str


def is_hopeless(text: str, budget: int) -> bool:
    """Whether the text is so long that it can't fit."""
    return len(text) > _longest(budget)


def _longest(budget: int) -> int:
    """The characters of the longest text that isn't hopeless."""
    return _MOST_CHARACTERS_A_TOKEN * (budget + 16)


def counted_lines(lines: Iterable[str], budget: int, count: Count) -> list[int]:
    """The costs of the leading lines: of as many as fit the budget together.

    Counted in batches of about what fits, since a tokenizer is a call away.
    """
    costs: list[int] = []
    left = budget
    rest = iter(lines)
    while True:
        batch, is_more = _batch(rest, max(left, 64) * _CHARACTERS_A_TOKEN, budget)
        for cost in count(batch) if batch else ():
            if cost > left:
                return costs
            left -= cost
            costs.append(cost)
        if not is_more:
            return costs


def _batch(lines: Iterator[str], characters: int, budget: int) -> tuple[list[str], bool]:
    """The next lines, about so many characters of them, and whether more may follow: none do after
    one that can't fit."""
    batch: list[str] = []
    longest = _longest(budget)
    for line in lines:
        length = len(line)
        if length > longest:
            return batch, False
        batch.append(line)
        characters -= length + 1
        if characters <= 0:
            return batch, True
    return batch, False


def chosen(
    candidates: Iterable[Piece], budget: int, count: Count, taken: Sequence[Piece], most_each: int
) -> list[tuple[Piece, int]]:
    """Those candidates that fit together, with their costs, the first ones first. None shares a
    line with another or with `taken`; none costs more than `most_each`.

    Candidates are taken as they are needed: a long file has more than will ever fit.
    """
    most_each = min(budget, most_each)
    lines = _Lines(taken)
    fitting = (p for p in candidates if not is_hopeless(p.text, most_each) and lines.are_free(p))
    waiting = islice(fitting, max(64, budget))
    found: list[tuple[Piece, int]] = []
    left = budget
    while left > 0:
        batch = list(_pieces(waiting, 2 * left * _CHARACTERS_A_TOKEN))
        before = left
        for piece, cost in zip(batch, count([piece.text for piece in batch]), strict=True):
            if cost <= min(left, most_each) and lines.are_free(piece):
                found.append((piece, cost))
                lines.take(piece)
                left -= cost
        if left == before:
            break
    return found


def _pieces(waiting: Iterator[Piece], characters: int) -> Iterator[Piece]:
    """The next pieces, about so many characters of them."""
    for piece in waiting:
        yield piece
        characters -= len(piece.text) + 1
        if characters <= 0:
            return


class _Lines:
    """The lines that pieces stand for."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        spans = sorted((piece.first, piece.last) for piece in pieces)
        self._firsts = [first for first, _ in spans]
        self._lasts = [last for _, last in spans]

    def are_free(self, piece: Piece) -> bool:
        before = bisect_right(self._firsts, piece.last)
        return before == 0 or self._lasts[before - 1] < piece.first

    def take(self, piece: Piece) -> None:
        at = bisect_right(self._firsts, piece.first)
        self._firsts.insert(at, piece.first)
        self._lasts.insert(at, piece.last)


def cut_end(text: str, budget: int, count: Count) -> str:
    """The text from its start on, as much as fits."""
    return _cut(text, budget, count, at_end=True)


def cut_start(text: str, budget: int, count: Count) -> str:
    """The text up to its end, as much as fits. It starts at a multiple of some columns, so that
    the start stays where it is while the text grows."""
    return _cut(text, budget, count, at_end=False)


def _cut(text: str, budget: int, count: Count, *, at_end: bool) -> str:
    if not is_hopeless(text, budget) and (not text or count([text])[0] <= budget):
        return text
    for size in _SEGMENTS:
        kept = _cut_to_segments(text, size, budget, count, at_end)
        if kept:
            return kept
    return ""


def _cut_to_segments(text: str, size: int, budget: int, count: Count, at_end: bool) -> str:
    """As many whole segments of the text as fit, counted a segment at a time."""
    starts = range(0, len(text), size)
    most = budget * _MOST_CHARACTERS_A_TOKEN // size + 1
    starts = starts[:most] if at_end else starts[::-1][:most]
    costs = counted_lines([text[start : start + size] for start in starts], budget, count)
    if not costs:
        return ""
    edge = starts[len(costs) - 1]
    return text[: edge + size] if at_end else text[edge:]
