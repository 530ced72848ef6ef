"""How much memory a model needs, and whether that much is free."""

from dataclasses import dataclass
from typing import Self

from lsp_server.config import EngineSettings
from lsp_server.errors import NotEnoughMemory
from lsp_server.models.gguf import GgufMetadata

# Of a KV cache: two files, or a file and an explanation, keep their place in it side by side.
SEQUENCES = 4
# Alternatives beside the first, which take nobody's place.
FORKS = 2
# Of each, and of the one that cached parts are moved through, the last token's logits are kept.
_OUTPUTS = SEQUENCES + FORKS + 1
# Of q8_0, 32 elements share a scale of two bytes.
_ELEMENT_BYTES = {"f16": 2.0, "q8_0": 34 / 32}


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes: the weights, the KV cache, and llama.cpp's compute and output buffers."""

    weights: int
    kv: int
    compute: int

    @property
    def total(self) -> int:
        return self.weights + self.kv + self.compute


@dataclass(frozen=True)
class ContextSize:
    """What the buffers of a context depend on besides the model: the tokens that its KV cache
    holds, those computed at a time, and the bytes of one element of the KV cache."""

    n_cells: int
    n_ubatch: int
    kv_element_bytes: float = 2.0

    @classmethod
    def of(cls, settings: EngineSettings, metadata: GgufMetadata) -> Self:
        """As the engine makes it for a model; without a length that it was trained for, n_ctx
        stands."""
        n_ctx = min(settings.n_ctx, metadata.n_ctx_train or settings.n_ctx)
        n_ubatch = min(settings.n_ubatch, settings.n_batch)
        return cls(cells(n_ctx), n_ubatch, _ELEMENT_BYTES[settings.kv_cache])


def cells(n_ctx: int) -> int:
    """The tokens that a KV cache holds: every sequence may grow to n_ctx, two at a time fit, and
    the least used makes room for a third."""
    return 2 * n_ctx


def compute_bytes(metadata: GgufMetadata, size: ContextSize) -> int:
    """The compute buffer of one device, with flash attention.

    At its fullest, in the feed-forward part, it holds for each token of a ubatch three rows of
    n_ff and four of n_embd in f32, and the attention mask's row of n_cells f16; or the logits of
    the outputs. The tokens are rounded up to a multiple of the sequences. llama.cpp reports 27.15
    MiB for Code Llama 7B at 8,192 cells and ubatch 128 (this: 27.14), 11.30 for
    Qwen2.5-Coder-0.5B (11.30).
    """
    row = 4 * (3 * metadata.n_ff + 4 * metadata.n_embd) + 2 * size.n_cells
    rows = -(-min(size.n_ubatch, size.n_cells) // _OUTPUTS) * _OUTPUTS
    return max(row * rows, output_bytes(metadata))


def output_bytes(metadata: GgufMetadata) -> int:
    """The logits that are kept for whoever samples, f32, in main memory."""
    return 4 * metadata.n_vocab * _OUTPUTS


def check_fits(need: MemoryNeed, n_ctx: int | None = None) -> None:
    """Raises NotEnoughMemory if less than `need` is free in this machine's main memory."""
    import psutil

    free = psutil.virtual_memory().available
    if need.total <= free:
        return
    at = f" at n_ctx {n_ctx}" if n_ctx else ""
    raise NotEnoughMemory(
        f"The model needs {_gib(need.total)} of memory{at} (weights {_gib(need.weights)}, "
        f"KV cache {_gib(need.kv)}, compute {_gib(need.compute)}), but {_gib(free)} are free.",
        "Set a smaller n_ctx."
        if need.total - need.kv * 3 // 4 <= free
        else "Choose a smaller model (`codellama-lsp models list`) or close other programs.",
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"
