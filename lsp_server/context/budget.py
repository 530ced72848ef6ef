"""Spending a budget of tokens on lines and pieces of text.

Counts are the caller's: exact for each text by itself. A model's tokenizer merges across the
seams, so a sum over pieces is an upper bound of what their joined text costs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

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
    return len(text) > _MOST_CHARACTERS_A_TOKEN * (budget + 16)


def counted_lines(lines: Sequence[str], budget: int, count: Count) -> list[int]:
    """The costs of the leading lines: of as many as fit the budget together.

    Counted in batches of about what fits, since a tokenizer is a call away.
    """
    costs: list[int] = []
    left = budget
    while len(costs) < len(lines):
        batch = _batch(lines[len(costs) :], max(left, 64) * _CHARACTERS_A_TOKEN, budget)
        if not batch:
            return costs
        for cost in count(batch):
            if cost > left:
                return costs
            left -= cost
            costs.append(cost)
    return costs


def _batch(lines: Iterable[str], characters: int, budget: int) -> list[str]:
    """The leading lines up to about so many characters, or to one that can't fit."""
    batch: list[str] = []
    for line in lines:
        if characters <= 0 or is_hopeless(line, budget):
            break
        batch.append(line)
        characters -= len(line) + 1
    return batch


def chosen(
    candidates: Sequence[Piece], budget: int, count: Count, taken: Sequence[Piece], most_each: int
) -> list[tuple[Piece, int]]:
    """Those candidates that fit together, with their costs, the first ones first. None shares a
    line with another or with `taken`; none costs more than `most_each`."""
    most_each = min(budget, most_each)
    waiting = [p for p in candidates if not is_hopeless(p.text, most_each)]
    waiting = [p for p in waiting if not _overlaps(p, taken)][: max(64, budget)]
    found: list[tuple[Piece, int]] = []
    left = budget
    while waiting and left > 0:
        texts = [piece.text for piece in waiting]
        size = max(1, len(_batch(texts, 2 * left * _CHARACTERS_A_TOKEN, budget)))
        before = left
        for piece, cost in zip(waiting[:size], count(texts[:size]), strict=True):
            if cost <= min(left, most_each) and not _overlaps(piece, [p for p, _ in found]):
                found.append((piece, cost))
                left -= cost
        if left == before:
            break
        waiting = waiting[size:]
    return found


def _overlaps(piece: Piece, others: Iterable[Piece]) -> bool:
    return any(piece.first <= o.last and o.first <= piece.last for o in others)


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
