"""What to try when a model does not fit: fewer layers on the GPU, then a smaller context."""

from collections.abc import Iterator

import attrs

from lsp_server.config import EngineSettings

# Less than that shows a model too little code to be of use.
_SMALLEST_N_CTX = 1024
_GPU_SHARES = (0.75, 0.5, 0.25, 0.0)


def smaller_settings(
    settings: EngineSettings, n_layer: int, gpu: bool
) -> Iterator[tuple[EngineSettings, str]]:
    """Settings that need less memory step by step, each with what was made smaller, in words."""
    if gpu:
        layers = settings.n_gpu_layers if settings.n_gpu_layers >= 0 else n_layer + 1
        for share in _GPU_SHARES:
            fewer = int(layers * share)
            settings = attrs.evolve(settings, n_gpu_layers=fewer)
            yield settings, f"only {fewer} of {n_layer + 1} layers are on the GPU"
    while settings.n_ctx // 2 >= _SMALLEST_N_CTX:
        settings = attrs.evolve(settings, n_ctx=settings.n_ctx // 2)
        yield settings, f"n_ctx is {settings.n_ctx}"
