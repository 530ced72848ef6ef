"""Which cached tokens a prompt can use at other places than those where they were read.

When the cursor moves by some lines, most of what is shown stays the same text at other positions.
The KV cache of such a block can be moved there: its keys are rotated to the new positions. That is
approximate, since a block was read with other text before it; what it costs in quality is measured
(`benchmarks/moving.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

# A shorter run of equal tokens is as likely chance as the same code.
LEAST = 24
# Of a run that occurs in many places, so many are tried.
_MOST_PLACES = 4


@dataclass(frozen=True)
class Block:
    """`length` tokens that stand at `old` in the cache and at `new` in the prompt."""

    old: int
    new: int
    length: int

    @property
    def shift(self) -> int:
        return self.new - self.old


def moved_blocks(
    cached: Sequence[int], prompt: Sequence[int], start: int, least: int = LEAST
) -> list[Block]:
    """The blocks of the prompt from `start` on that the cache has from there on, in the same order
    in both: of all such choices the one that saves the most tokens."""
    return _best_chain(_runs(cached, prompt, start, least), least)


def _runs(cached: Sequence[int], prompt: Sequence[int], start: int, least: int) -> list[Block]:
    """Every run of at least `least` equal tokens, as long as it gets, by place in the prompt."""
    places: dict[tuple[int, ...], list[int]] = {}
    for old in range(start, len(cached) - least + 1):
        places.setdefault(tuple(cached[old : old + least]), []).append(old)
    found = []
    ends: dict[int, int] = {}  # shift -> where its last run ends in the prompt
    for new in range(start, len(prompt) - least + 1):
        for old in places.get(tuple(prompt[new : new + least]), ())[:_MOST_PLACES]:
            if ends.get(new - old, 0) > new:
                continue
            length = least + _shared(cached, prompt, old + least, new + least)
            ends[new - old] = new + length
            found.append(Block(old, new, length))
    return found


def _shared(a: Sequence[int], b: Sequence[int], i: int, j: int) -> int:
    """How many tokens are equal from a[i] and b[j] on."""
    length = 0
    while i + length < len(a) and j + length < len(b) and a[i + length] == b[j + length]:
        length += 1
    return length


def _best_chain(runs: list[Block], least: int) -> list[Block]:
    """The blocks that follow one another in both texts and have the most tokens together. A run
    that begins before the one before it ends is cut at its start."""
    best: list[tuple[int, list[Block]]] = []
    for run in runs:
        chains = [(run.length, [run])]
        for saved, chain in best:
            rest = _after(chain[-1], run)
            if rest.length >= least:
                chains.append((saved + rest.length, [*chain, rest]))
        best.append(max(chains, key=lambda chain: chain[0]))
    return max(best, key=lambda chain: chain[0], default=(0, []))[1]


def _after(earlier: Block, run: Block) -> Block:
    """What of a run lies behind an earlier one in both texts."""
    overlap = max(earlier.old + earlier.length - run.old, earlier.new + earlier.length - run.new, 0)
    return Block(run.old + overlap, run.new + overlap, run.length - overlap)
