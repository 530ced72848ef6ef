"""The KV cache of a context: its sequences, what they hold, and who has which.

One thread owns it, as it owns the context.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.moving import Block, moved_blocks

# Below so many tokens a prompt's head is chance, and another sequence is better used.
_WORTH_SHARING = 32
# More tokens than these are not given up for a prompt that shares only what stands before them.
_WORTH_KEEPING = 32
# Fewer unread tokens than these are read sooner than blocks are looked for and moved.
_WORTH_MOVING = 64
# A sequence whose blocks were moved so often is read anew: each time it strays a little.
_MOST_MOVES = 8


@dataclass
class KvSequence:
    """One conversation in the KV cache: the tokens that it holds, in order.

    `reserved` is how many it may come to hold for the generation that has it, 0 while none has.
    `moves` is how often blocks of it were moved since it was read from its start.
    """

    number: int
    tokens: list[int] = field(default_factory=list)
    last_used: int = 0
    reserved: int = 0
    moves: int = 0

    @property
    def busy(self) -> bool:
        return self.reserved > 0


@dataclass(frozen=True)
class Reuse:
    """What of a prompt a sequence already holds: its first `shared` tokens, and blocks that can be
    moved to their places. `unread` tokens are left to evaluate."""

    sequence: KvSequence
    shared: int
    blocks: tuple[Block, ...]
    unread: int


class KvCache:
    """`cells` tokens shared by several sequences, and forks of these.

    Blocks on their way to new places are parked in a sequence of their own, since llama.cpp
    evaluates tokens at a sequence's end only: the gap before a block is read first, then the block
    is attached.
    """

    def __init__(
        self, handle: Any, cells: int, n_sequences: int, n_forks: int, *, moves: bool
    ) -> None:
        """`handle` is a llama_context made for `sequence_count(...)` sequences. With `moves` blocks
        may be moved; then no sequences share cells, since a cell has one position."""
        self.cells = cells
        self.sequences = [KvSequence(number) for number in range(n_sequences)]
        self._memory = llama_cpp.llama_get_memory(handle)
        self._spare = [KvSequence(n_sequences + number) for number in range(n_forks)]
        self._park = n_sequences + n_forks
        self._parked: list[Block] = []
        self._parked_for: KvSequence | None = None
        self._wanted: Sequence[int] = ()
        self._can_move = moves and bool(llama_cpp.llama_memory_can_shift(self._memory))
        self._clock = 0

    def has_room(self, length: int) -> bool:
        """Whether another generation of `length` tokens, prompt and answer, can begin now: there
        is a free sequence for it, and cells that no generation under way may still need."""
        reserved = sum(sequence.reserved for sequence in self.sequences)
        return reserved + length <= self.cells and not all(s.busy for s in self.sequences)

    def reuse(self, tokens: Sequence[int], *, move: bool) -> Reuse:
        """The free sequence that leaves the fewest of a prompt's tokens to read. Only where
        `has_room`.

        Where none holds much of it, the one that was used the longest ago. The last token is never
        reused: its logits are needed again.
        """
        free = [sequence for sequence in self.sequences if not sequence.busy]
        found = min(
            (self._held(sequence, tokens, move) for sequence in free),
            key=lambda reuse: (reuse.unread, -reuse.sequence.last_used),
        )
        if len(tokens) - found.unread < min(_WORTH_SHARING, len(tokens) // 2):
            oldest = min(free, key=lambda s: s.last_used)
            return self._held(oldest, tokens, move=False)
        return found

    def take(self, reuse: Reuse, tokens: Sequence[int], length: int) -> KvSequence:
        """The sequence for a prompt of `tokens`, cut to what it shares; blocks are parked for
        `attach`. It is to be given back with `release`."""
        sequence = reuse.sequence
        if reuse.blocks:
            self._move(sequence, reuse.blocks)
        elif len(sequence.tokens) - reuse.shared > _WORTH_KEEPING:
            sequence = self._branched(sequence, reuse.shared)
        self.truncate(sequence, reuse.shared)
        sequence.moves = sequence.moves + 1 if reuse.blocks else sequence.moves * bool(reuse.shared)
        self._clock += 1
        sequence.last_used = self._clock
        sequence.reserved = length
        self._wanted = tokens
        self.attach(sequence)
        return sequence

    def release(self, sequence: KvSequence) -> None:
        """Give a sequence back; what it holds stays for the next prompt, blocks that still wait for
        tokens before them included: they are put to its end."""
        sequence.reserved = 0
        while sequence is self._parked_for:
            block = self._parked[0]
            end = len(sequence.tokens)
            self._shift(block.new, block.length, end - block.new)
            self._attach(sequence, block, end)

    def until_parked(self, sequence: KvSequence) -> int | None:
        """How many tokens are to be read before the next block of the sequence, None where none
        waits."""
        if sequence is not self._parked_for:
            return None
        return self._parked[0].new - len(sequence.tokens)

    def attach(self, sequence: KvSequence) -> int:
        """Append the blocks that wait for just this place: how many tokens they have."""
        before = len(sequence.tokens)
        while self.until_parked(sequence) == 0:
            self._attach(sequence, self._parked[0], self._parked[0].new)
        return len(sequence.tokens) - before

    def fork(self, sequence: KvSequence) -> KvSequence | None:
        """A sequence that holds the same tokens in the same cells and goes on by itself; what it
        appends counts to what the first one reserved. None where there are too many. To be given
        back with `end_fork`."""
        if not self._spare:
            return None
        fork = self._spare.pop()
        llama_cpp.llama_memory_seq_cp(self._memory, sequence.number, fork.number, -1, -1)
        fork.tokens = list(sequence.tokens)
        return fork

    def end_fork(self, fork: KvSequence) -> None:
        self.truncate(fork, 0)
        self._spare.append(fork)

    def held_until(self, sequence: KvSequence) -> int:
        """How many positions llama.cpp holds of a sequence."""
        return int(llama_cpp.llama_memory_seq_pos_max(self._memory, sequence.number)) + 1

    def truncate(self, sequence: KvSequence, length: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, sequence.number, length, -1)
        del sequence.tokens[length:]

    def evict_one(self) -> bool:
        """Empty the idle sequence that was used the longest ago; False where none is left."""
        idle = [s for s in self.sequences if s.tokens and not s.busy]
        if not idle:
            return False
        self.truncate(min(idle, key=lambda s: s.last_used), 0)
        return True

    def _held(self, sequence: KvSequence, tokens: Sequence[int], move: bool) -> Reuse:
        shared = min(shared_length(sequence.tokens, tokens), len(tokens) - 1)
        unread = len(tokens) - shared
        movable = move and self._can_move and self._parked_for is None
        if not movable or sequence.moves >= _MOST_MOVES or unread < _WORTH_MOVING:
            return Reuse(sequence, shared, (), unread)
        blocks = tuple(moved_blocks(sequence.tokens, tokens[:-1], shared))
        return Reuse(sequence, shared, blocks, unread - sum(b.length for b in blocks))

    def _branched(self, sequence: KvSequence, shared: int) -> KvSequence:
        """The free sequence that was used the longest ago, with the shared cells of another, which
        stays whole: what is shown at first and the whole have the same head, and take turns."""
        others = [s for s in self.sequences if not s.busy and s is not sequence]
        if not others or self._can_move:
            return sequence
        branch = min(others, key=lambda s: s.last_used)
        self.truncate(branch, 0)
        llama_cpp.llama_memory_seq_cp(self._memory, sequence.number, branch.number, 0, shared)
        branch.tokens = sequence.tokens[:shared]
        branch.moves = sequence.moves
        return branch

    def _move(self, sequence: KvSequence, blocks: Sequence[Block]) -> None:
        """Park the blocks at their new positions. In an order in which none gets in another's way:
        those that go up from the last on, those that go down from the first."""
        for block in blocks:
            llama_cpp.llama_memory_seq_cp(
                self._memory, sequence.number, self._park, block.old, block.old + block.length
            )
        self.truncate(sequence, blocks[0].old)
        up = [block for block in reversed(blocks) if block.shift > 0]
        down = [block for block in blocks if block.shift < 0]
        for block in (*up, *down):
            self._shift(block.old, block.length, block.shift)
        self._parked = list(blocks)
        self._parked_for = sequence

    def _shift(self, start: int, length: int, by: int) -> None:
        """Move parked tokens; their keys are rotated before the next decode."""
        if by:
            llama_cpp.llama_memory_seq_add(self._memory, self._park, start, start + length, by)

    def _attach(self, sequence: KvSequence, block: Block, start: int) -> None:
        """Append the first parked block, which stands at `start`."""
        end = start + block.length
        llama_cpp.llama_memory_seq_cp(self._memory, self._park, sequence.number, start, end)
        llama_cpp.llama_memory_seq_rm(self._memory, self._park, start, end)
        sequence.tokens.extend(self._wanted[block.new : block.new + block.length])
        self._parked.pop(0)
        if not self._parked:
            self._parked_for = None


def sequence_count(n_sequences: int, n_forks: int) -> int:
    """How many sequences a llama_context has to have: one more, in which blocks are parked."""
    return n_sequences + n_forks + 1


def shared_length(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common prefix."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
