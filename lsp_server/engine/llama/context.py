"""A llama context: the KV cache, its sequences, and the decoding of batches.

One thread owns a context. Only `abort` may be called from another.
"""

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.model import LlamaModel
from lsp_server.engine.protocol import Totals
from lsp_server.errors import EngineError, NotEnoughMemory
from lsp_server.models.memory import cells

# The abort callback without Python in it: libc's strlen of a byte string is 0 (go on) while its
# first byte is 0, and 1 (abort) when it is set. Windows has its libc in a library of its own.
_LIBC = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
_STRLEN = ctypes.cast(_LIBC.strlen, llama_cpp.ggml_abort_callback)


# What llama_decode returns when the abort callback ended it.
_ABORTED = 2


class Aborted(Exception):
    """The running decode was stopped by `LlamaContext.abort`."""


@dataclass
class KvSequence:
    """One conversation in the KV cache: the tokens that it holds, in order.

    `reserved` is how many it may come to hold for the generation that has it, 0 while none has.
    """

    number: int
    tokens: list[int] = field(default_factory=list)
    last_used: int = 0
    reserved: int = 0

    @property
    def busy(self) -> bool:
        return self.reserved > 0


@dataclass
class Part:
    """Tokens to append to one sequence; `row` is where their last one stands in the batch, `done`
    how many of them were evaluated."""

    sequence: KvSequence
    tokens: Sequence[int]
    row: int = -1
    done: int = 0


class LlamaContext:
    """A KV cache of `cells` tokens shared by several sequences."""

    def __init__(
        self, model: LlamaModel, settings: EngineSettings, n_sequences: int, n_forks: int = 0
    ) -> None:
        """`n_forks` is how many forks there may be at once besides the sequences.

        Raises NotEnoughMemory where the KV cache can't be had.
        """
        self.model = model
        self.n_ctx = min(settings.n_ctx, model.n_ctx_train)
        params = llama_cpp.llama_context_default_params()
        self.cells = params.n_ctx = cells(self.n_ctx)
        params.n_seq_max = n_sequences + n_forks
        params.kv_unified = True
        # Only the last token of a batch is asked for its logits.
        params.n_outputs_max = n_sequences + n_forks
        params.n_batch = settings.n_batch
        params.n_ubatch = min(settings.n_ubatch, settings.n_batch)
        if settings.kv_cache == "q8_0":
            params.type_k = params.type_v = llama_cpp.GGML_TYPE_Q8_0
            params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED  # quantised V needs it
        params.n_threads = params.n_threads_batch = settings.n_threads or _physical_cores()
        self._flag = ctypes.create_string_buffer(2)
        params.abort_callback = _STRLEN
        params.abort_callback_data = ctypes.cast(self._flag, ctypes.c_void_p)
        params.no_perf = True
        self.handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise NotEnoughMemory(
                f"There is not enough memory for the context of {model.name} "
                f"with n_ctx {self.n_ctx}.",
                "Lower engine.n_ctx in the settings, or choose a smaller model.",
            )
        self.n_batch = settings.n_batch
        self._memory = llama_cpp.llama_get_memory(self.handle)
        self._batch = llama_cpp.llama_batch_init(settings.n_batch, 0, 1)
        self._clock = 0
        self.totals = Totals()
        self.sequences = [KvSequence(number) for number in range(n_sequences)]
        self._spare = [KvSequence(n_sequences + number) for number in range(n_forks)]

    def abort(self) -> None:
        """Stop the running decode within one graph node (CPU) or ubatch (GPU). Any thread."""
        self._flag[0] = b"\x01"

    def clear_abort(self) -> None:
        self._flag[0] = b"\x00"

    def has_room(self, length: int) -> bool:
        """Whether another generation of `length` tokens, prompt and answer, can begin now: there
        is a free sequence for it, and cells that no generation under way may still need."""
        reserved = sum(sequence.reserved for sequence in self.sequences)
        return reserved + length <= self.cells and not all(s.busy for s in self.sequences)

    def take_sequence(self, tokens: Sequence[int], length: int) -> KvSequence:
        """The free sequence that shares the longest prefix with the tokens, cut to that prefix.

        Where none shares much, the one that was used the longest ago is taken. The prompt's last
        token is never among the shared: its logits are needed again. Only where `has_room`.
        """
        free = [sequence for sequence in self.sequences if not sequence.busy]
        best = max(free, key=lambda s: (_shared(s.tokens, tokens), -s.last_used))
        if not best.tokens or _shared(best.tokens, tokens) < min(32, len(tokens) // 2):
            best = min(free, key=lambda s: s.last_used)
        self._truncate(best, min(_shared(best.tokens, tokens), len(tokens) - 1))
        self._clock += 1
        best.last_used = self._clock
        best.reserved = length
        return best

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
        self._truncate(fork, 0)
        self._spare.append(fork)

    def decode(self, parts: Sequence[Part]) -> None:
        """Append each part's tokens to its sequence, all in one llama_decode of at most n_batch
        tokens; the logits of each part's last token are kept.

        Raises Aborted (the sequences then hold what was finished) and EngineError.
        """
        starts = [len(part.sequence.tokens) for part in parts]
        self._fill_batch(parts)
        status = llama_cpp.llama_decode(self.handle, self._batch)
        while status == 1 and self._evict_one():
            status = llama_cpp.llama_decode(self.handle, self._batch)
        for part, start in zip(parts, starts, strict=True):
            self._keep(part, start, status)
        if status == _ABORTED:
            raise Aborted
        if status != 0:
            raise EngineError(
                f"llama.cpp could not evaluate the prompt (llama_decode: {status}).",
                "Lower engine.n_ctx or engine.n_batch; the log at level debug has its reasons.",
            )

    def logits(self, part: Part) -> npt.NDArray[np.float32]:
        """A view of the logits of a part's last token, valid until the next decode.

        Shape: (n_vocab,).
        """
        pointer = llama_cpp.llama_get_logits_ith(self.handle, part.row)
        return np.ctypeslib.as_array(pointer, shape=(self.model.vocab.size,))

    def close(self) -> None:
        if self.handle:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self.handle)
            self.handle = None

    def _fill_batch(self, parts: Sequence[Part]) -> None:
        batch = self._batch
        row = 0
        for part in parts:
            start = len(part.sequence.tokens)
            for i, token in enumerate(part.tokens):
                batch.token[row] = token
                batch.pos[row] = start + i
                batch.n_seq_id[row] = 1
                batch.seq_id[row][0] = part.sequence.number
                batch.logits[row] = 0
                row += 1
            part.row = row - 1
            batch.logits[part.row] = 1
        batch.n_tokens = row

    def _keep(self, part: Part, start: int, status: int) -> None:
        """Make a sequence's tokens what the KV cache holds of them after a decode."""
        done = len(part.tokens) if status == 0 else 0
        if status == _ABORTED:
            held = llama_cpp.llama_memory_seq_pos_max(self._memory, part.sequence.number) + 1
            done = max(0, min(held - start, len(part.tokens)))
        part.done = done
        part.sequence.tokens.extend(part.tokens[:done])
        self.totals.evaluated += done
        if status != 0:
            self._truncate(part.sequence, start + done)

    def _truncate(self, sequence: KvSequence, length: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, sequence.number, length, -1)
        del sequence.tokens[length:]

    def _evict_one(self) -> bool:
        """Empty the idle sequence that was used the longest ago; False where none is left."""
        idle = [s for s in self.sequences if s.tokens and not s.busy]
        if not idle:
            return False
        self._truncate(min(idle, key=lambda s: s.last_used), 0)
        return True


def _shared(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common prefix."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def _physical_cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or 1
