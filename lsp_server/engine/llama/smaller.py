"""What to try when a model does not fit: fewer layers on the GPU, then a smaller context."""

from collections.abc import Iterator, Sequence

import attrs

from lsp_server.config import EngineSettings
from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.hardware import Device
from lsp_server.models.plan import LayerPlan, fewer_layers, plan_for

# Less than that shows a model too little code to be of use.
_SMALLEST_N_CTX = 1024


def smaller_settings(
    settings: EngineSettings, metadata: GgufMetadata, devices: Sequence[Device]
) -> Iterator[tuple[EngineSettings, str]]:
    """Settings that need less memory step by step, each with what was made smaller, in words.

    `devices` are those that layers are put on.
    """
    plan: LayerPlan = plan_for(metadata, devices, settings)
    for fewer in fewer_layers(plan.n_gpu_layers):
        settings = attrs.evolve(settings, n_gpu_layers=fewer)
        yield settings, f"only {fewer} of {plan.n_layers} layers are on the GPU"
    while settings.n_ctx // 2 >= _SMALLEST_N_CTX:
        settings = attrs.evolve(settings, n_ctx=settings.n_ctx // 2)
        yield settings, f"n_ctx is {settings.n_ctx}"
