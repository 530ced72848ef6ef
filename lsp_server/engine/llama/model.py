"""A model's weights in memory."""

import ctypes
from collections.abc import Callable
from pathlib import Path

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.vocab import Vocab
from lsp_server.errors import ModelLoadError


def supports_gpu() -> bool:
    """Whether llama.cpp was compiled for a GPU and finds one."""
    return bool(llama_cpp.llama_supports_gpu_offload())


class LlamaModel:
    """The weights and the vocabulary of one GGUF file."""

    def __init__(
        self,
        path: Path,
        settings: EngineSettings,
        vocab_only: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Load the file, or only its vocabulary; `progress` is told the part that is loaded.
        Layers go on the GPU where their number was decided (loading.py). Raises ModelLoadError
        where llama.cpp refuses."""
        self.path = path
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = 0 if settings.n_gpu_layers == "auto" else settings.n_gpu_layers
        params.vocab_only = vocab_only
        if progress:
            # The structure keeps it alive; true is to go on.
            params.progress_callback = llama_cpp.llama_progress_callback(
                lambda part, _: progress(part) is None
            )
        self.handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelLoadError(
                f"llama.cpp could not load {path}.",
                "The file may be incomplete or of a kind this version doesn't know: "
                "`codellama-lsp models verify` checks the ones in the catalogue.",
            )
        self.vocab = Vocab(self.handle, self.chat_template or "")
        self.gpu = params.n_gpu_layers != 0 and supports_gpu()

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def n_ctx_train(self) -> int:
        """The longest prompt and answer that the model was trained for, in tokens."""
        return int(llama_cpp.llama_model_n_ctx_train(self.handle))

    @property
    def chat_template(self) -> str | None:
        """The Jinja template in the file's metadata."""
        template = llama_cpp.llama_model_chat_template(self.handle, None)
        return template.decode("utf-8", "replace") if template else None

    def metadata(self, key: str) -> str | None:
        """A metadata value as text, None where the file has none."""
        buffer = ctypes.create_string_buffer(1024)
        length = llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else None

    def close(self) -> None:
        if self.handle:
            llama_cpp.llama_model_free(self.handle)
            self.handle = None
