"""How much memory a model needs, and whether that much is free."""

from dataclasses import dataclass

from lsp_server.errors import NotEnoughMemory
from lsp_server.models.gguf import GgufMetadata


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes: the weights, the KV cache, and llama.cpp's compute buffers."""

    weights: int
    kv: int
    compute: int

    @property
    def total(self) -> int:
        return self.weights + self.kv + self.compute


def needed(metadata: GgufMetadata, file_size: int, n_ctx: int, n_ubatch: int = 512) -> MemoryNeed:
    """What llama.cpp will allocate for a context of `n_ctx` tokens with an f16 KV cache.

    The compute buffer holds one ubatch of f32 logits or, without flash attention, of attention
    scores, whichever is larger. Qwen2.5-Coder-0.5B at n_ctx 4096: 298.5 MiB for 302.0 that
    llama.cpp reports at ubatch 512, 74.6 for 75.5 at 128.
    """
    logits = metadata.n_vocab + metadata.n_embd
    scores = metadata.n_head * n_ctx
    return MemoryNeed(
        weights=file_size,
        kv=metadata.kv_bytes_per_token() * n_ctx,
        compute=max(logits, scores) * min(n_ubatch, n_ctx) * 4,
    )


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
