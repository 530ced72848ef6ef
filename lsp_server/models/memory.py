"""How much memory a model needs, and whether that much is free."""

from dataclasses import dataclass

from lsp_server.errors import NotEnoughMemory
from lsp_server.models.gguf import GgufMetadata

OUTPUTS = 4  # tokens of a batch whose logits are kept: the last one of each sequence


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes: the weights, the KV cache, and llama.cpp's compute and output buffers."""

    weights: int
    kv: int
    compute: int

    @property
    def total(self) -> int:
        return self.weights + self.kv + self.compute


def cells(n_ctx: int) -> int:
    """The tokens that a KV cache holds: two full contexts, which all sequences share."""
    return 2 * n_ctx


def needed(metadata: GgufMetadata, file_size: int, n_ctx: int, n_ubatch: int = 512) -> MemoryNeed:
    """What llama.cpp will allocate for a KV cache of `n_ctx` cells in f16."""
    return MemoryNeed(
        weights=file_size,
        kv=metadata.kv_bytes_per_token() * n_ctx,
        compute=compute_bytes(metadata, n_ctx, n_ubatch) + output_bytes(metadata),
    )


def compute_bytes(metadata: GgufMetadata, n_ctx: int, n_ubatch: int) -> int:
    """The compute buffer of one device, with flash attention.

    At its fullest, in the feed-forward part, it holds for each token of a ubatch three rows of
    n_ff and four of n_embd in f32, and the attention mask's row of n_ctx f16; or the logits of the
    outputs. llama.cpp reports 26.13 MiB for Code Llama 7B at 8,192 cells and ubatch 128 (this:
    26.12), 129.01 for 13B at ubatch 512 (129.00), 10.88 for Qwen2.5-Coder-0.5B at 128 (10.88).
    """
    row = 4 * (3 * metadata.n_ff + 4 * metadata.n_embd) + 2 * n_ctx
    return max(row * min(n_ubatch, n_ctx), output_bytes(metadata))


def output_bytes(metadata: GgufMetadata) -> int:
    """The logits that are kept for whoever samples, f32, in main memory."""
    return 4 * metadata.n_vocab * OUTPUTS


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
