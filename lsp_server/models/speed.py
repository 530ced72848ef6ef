"""Tokens a second to expect: a token reads all the weights and the KV cache once."""

from collections.abc import Sequence

from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.plan import LayerPlan


def expected_speed(
    metadata: GgufMetadata,
    plan: LayerPlan,
    main_bandwidth: float,
    device_bandwidths: Sequence[float],
    n_past: int = 0,
) -> float:
    """The most tokens a second that the memory allows with `n_past` tokens before.

    Bandwidths are bytes a second. What is reached is less by what is computed besides.
    """
    on_gpu = plan.n_gpu_layers / plan.n_layers
    kv = metadata.kv_bytes_per_token() * n_past
    seconds = (plan.main_reads + kv * (1 - on_gpu)) / main_bandwidth
    for read, bandwidth in zip(plan.reads, device_bandwidths, strict=True):
        seconds += (read + kv * on_gpu / len(plan.reads)) / bandwidth
    return 1 / seconds if seconds else 0.0
