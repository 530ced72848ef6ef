"""A llama context: the KV cache, its sequences, and the decoding of batches.

One thread owns a context. Only `abort` may be called from another.
"""

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.kv_cache import KvCache, KvSequence, sequence_count
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
class Part:
    """Tokens to append to one sequence, the last `guessed` of them in the hope that they are what
    follows; `row` is where the last one stands in the batch, `done` how many were evaluated."""

    sequence: KvSequence
    tokens: Sequence[int]
    guessed: int = 0
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
        params.n_ctx = cells(self.n_ctx)
        params.n_seq_max = sequence_count(n_sequences, n_forks)
        params.kv_unified = True
        # The last token of a sequence is asked for its logits; where it is alone, some guesses too.
        params.n_outputs_max = self.n_outputs = params.n_seq_max
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
        moves = settings.move_cached
        self.kv = KvCache(self.handle, params.n_ctx, n_sequences, n_forks, moves=moves)
        self._batch = llama_cpp.llama_batch_init(settings.n_batch, 0, 1)
        self._logits = ctypes.c_float * model.vocab.size
        self.totals = Totals()

    def abort(self) -> None:
        """Stop the running decode within one graph node (CPU) or ubatch (GPU). Any thread."""
        self._flag[0] = b"\x01"

    def clear_abort(self) -> None:
        self._flag[0] = b"\x00"

    def decode(self, parts: Sequence[Part]) -> None:
        """Append each part's tokens to its sequence, all in one llama_decode of at most n_batch
        tokens; the logits of each part's last token are kept, and of those before its guesses.

        Raises Aborted (the sequences then hold what was finished) and EngineError.
        """
        starts = [len(part.sequence.tokens) for part in parts]
        self._fill_batch(parts)
        status = llama_cpp.llama_decode(self.handle, self._batch)
        while status == 1 and self.kv.evict_one():
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

    def logits(self, part: Part, back: int = 0) -> npt.NDArray[np.float32]:
        """A view of the logits of a part's last token, or of the one so many before it, valid until
        the next decode.

        Shape: (n_vocab,).
        """
        pointer = llama_cpp.llama_get_logits_ith(self.handle, part.row - back)
        return np.ctypeslib.as_array(self._logits.from_address(ctypes.addressof(pointer.contents)))

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
            for asked in range(part.row - part.guessed, row):
                batch.logits[asked] = 1
        batch.n_tokens = row

    def _keep(self, part: Part, start: int, status: int) -> None:
        """Make a sequence's tokens what the KV cache holds of them after a decode."""
        done = len(part.tokens) if status == 0 else 0
        if status == _ABORTED:
            held = self.kv.held_until(part.sequence)
            done = max(0, min(held - start, len(part.tokens)))
        part.done = done
        part.sequence.tokens.extend(part.tokens[:done])
        self.totals.evaluated += done
        if status != 0:
            self.kv.truncate(part.sequence, start + done)


def _physical_cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or 1
