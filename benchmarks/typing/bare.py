"""The bare engine: llama_decode in a loop, with nothing of ours round it."""

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.typing.work import Decode
from lsp_server.config import EngineSettings
from lsp_server.engine.llama.binding import llama_cpp

# Speed does not depend on which tokens they are.
_TOKEN = 100


class Bare:
    """A model and one sequence, with the engine's default settings."""

    def __init__(self, model: Path, threads: int) -> None:
        settings = EngineSettings()
        self._model = llama_cpp.llama_model_load_from_file(
            str(model).encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = settings.n_ctx
        params.n_batch, params.n_ubatch = settings.n_batch, settings.n_ubatch
        params.n_threads = params.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(settings.n_batch, 0, 1)
        self._n_batch = settings.n_batch
        self._length = 0

    def ms(self, decodes: Sequence[Decode]) -> float:
        """Milliseconds of the same decodes: as many tokens at the same positions."""
        total = 0.0
        for one in decodes:
            self._reach(one.position)
            started = time.perf_counter()
            self._decode(one.tokens)
            total += time.perf_counter() - started
        return total * 1000

    def close(self) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def _reach(self, position: int) -> None:
        if position < self._length:
            llama_cpp.llama_memory_seq_rm(self._memory, 0, position, -1)
            self._length = position
        while self._length < position:
            self._decode(min(self._n_batch, position - self._length))

    def _decode(self, tokens: int) -> None:
        batch = self._batch
        for row in range(tokens):
            batch.token[row] = _TOKEN
            batch.pos[row] = self._length + row
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = 0
            batch.logits[row] = row == tokens - 1
        batch.n_tokens = tokens
        status = llama_cpp.llama_decode(self._context, batch)
        if status:
            raise RuntimeError(f"llama_decode: {status}")
        self._length += tokens
