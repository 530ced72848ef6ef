"""Where the lines of a text start, kept while the text is edited.

An offset is stored relative to the block of lines that it is in, so that an edit changes one or two
blocks and moves the others as wholes.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import overload

_LINE_END = re.compile(r"\r\n|\r|\n")
_BLOCK = 512


class LineStarts(Sequence[int]):
    """The offsets at which the lines of one text start, in order. Never changed."""

    def __init__(self, blocks: list[list[int]], length: int) -> None:
        """`blocks` hold offsets relative to their first line, with where the next block starts
        as their last entry; `length` is that of the text."""
        self._blocks = blocks
        self._length = length
        self._bases = [0, *accumulate(block[-1] for block in blocks)]
        self._numbers = [0, *accumulate(len(block) - 1 for block in blocks)]

    @classmethod
    def of(cls, text: str) -> "LineStarts":
        return cls(_blocks(text, 0, len(text), last=True), len(text))

    def edited(self, text: str, start: int, end: int) -> "LineStarts":
        """Those of `text`, in which something stands in the place of the old text[start:end]."""
        # A line end may be joined with, or parted from, the character beside the edit.
        first = self._block_of(max(0, start - 1))
        last = self._block_of(end)
        base, stop = self._bases[first], self._bases[last + 1]
        stop += len(text) - self._length
        is_last = last + 1 == len(self._blocks)
        new = _blocks(text, base, len(text) if is_last else stop, is_last)
        return LineStarts([*self._blocks[:first], *new, *self._blocks[last + 1 :]], len(text))

    def line_of(self, offset: int) -> int:
        """The number of the line that holds the offset."""
        number = self._block_of(offset)
        block = self._blocks[number]
        inside = bisect_right(block, offset - self._bases[number], 0, len(block) - 1) - 1
        return self._numbers[number] + inside

    def _block_of(self, offset: int) -> int:
        return min(bisect_right(self._bases, offset) - 1, len(self._blocks) - 1)

    def __len__(self) -> int:
        return self._numbers[-1]

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return self._between(*index.indices(len(self)))
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError("there is no such line")
        number = bisect_right(self._numbers, index) - 1
        return self._bases[number] + self._blocks[number][index - self._numbers[number]]

    def _between(self, first: int, end: int, step: int) -> list[int]:
        if step < 0:
            return [self[i] for i in range(first, end, step)]
        found: list[int] = []
        number = bisect_right(self._numbers, first) - 1
        while number < len(self._blocks) and self._numbers[number] < end:
            base, before = self._bases[number], self._numbers[number]
            block = self._blocks[number][max(0, first - before) : -1]
            found += [base + start for start in block]
            number += 1
        return found[: max(0, end - first) : step]

    def shared(self, other: "LineStarts") -> tuple[int, int]:
        """How many code points at the texts' start, and how many at their end, are known to be
        the same: where one became the other by edits, all but the lines around these."""
        start, end = 0, 0
        most = min(len(self._blocks), len(other._blocks))
        while start < most and self._blocks[start] is other._blocks[start]:
            start += 1
        while end < most - start and self._blocks[-1 - end] is other._blocks[-1 - end]:
            end += 1
        return self._bases[start], self._length - self._bases[len(self._blocks) - end]

    def __iter__(self) -> Iterator[int]:
        return iter(self._between(0, len(self), 1))

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


def _blocks(text: str, start: int, stop: int, last: bool) -> list[list[int]]:
    """The blocks of text[start:stop], which begins where a line does; unless it is the `last` part
    of the text, it ends where one does, too."""
    ends = _line_ends(text, start, stop)
    starts = [start, *ends] if last else [start, *ends[:-1]]
    # Of about one size, lest a full block part into one and a line with each line that is added.
    size = -(-len(starts) // -(-len(starts) // _BLOCK))
    blocks = []
    for first in range(0, len(starts), size):
        base = starts[first]
        bounds = [*starts[first : first + size + 1], stop][: size + 1]
        blocks.append([bound - base for bound in bounds])
    return blocks


def _line_ends(text: str, start: int, stop: int) -> list[int]:
    """The offsets right after each line end in text[start:stop]."""
    if text.count("\r", start, stop) != text.count("\r\n", start, stop):
        return [match.end() for match in _LINE_END.finditer(text, start, stop)]
    lines = text[start:stop].split("\n")
    return list(accumulate((len(line) + 1 for line in lines[:-1]), initial=start))[1:]
