"""Loading a model with its context: as planned, and smaller where that fails all the same."""

import logging
from collections.abc import Sequence
from pathlib import Path

import attrs

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.context import LlamaContext
from lsp_server.engine.llama.devices import offload_devices
from lsp_server.engine.llama.model import LlamaModel
from lsp_server.engine.llama.progress import Progress
from lsp_server.engine.llama.smaller import smaller_settings
from lsp_server.errors import ModelLoadError, NotEnoughMemory
from lsp_server.models.gguf import GgufMetadata, read_gguf
from lsp_server.models.hardware import Device
from lsp_server.models.memory import FORKS, SEQUENCES, check_fits
from lsp_server.models.plan import plan_for

_log = logging.getLogger(__name__)


def load(path: Path, settings: EngineSettings, progress: Progress) -> tuple[LlamaContext, str]:
    """The model with its context, and what had to be made smaller for it to fit.

    Every step is logged. Raises ModelLoadError, and NotEnoughMemory where nothing smaller fits
    either.
    """
    metadata = read_gguf(path)
    _check_kv_cache(path, metadata, settings)
    devices = offload_devices() if settings.n_gpu_layers != 0 else []
    try:
        return _load(path, metadata, settings, devices, progress), ""
    except NotEnoughMemory as error:
        _log.warning("%s", error.message)
        for fewer, smaller in smaller_settings(settings, metadata, devices):
            _log.warning("Loading %s again: %s.", path.name, smaller)
            try:
                context = _load(path, metadata, fewer, devices, progress)
                return context, f"{error.message} So {smaller}."
            except NotEnoughMemory as still:
                _log.warning("%s", still.message)
        raise


def _check_kv_cache(path: Path, metadata: GgufMetadata, settings: EngineSettings) -> None:
    """q8_0 takes a head's elements in blocks of 32; llama.cpp says no more than that it failed."""
    if settings.kv_cache == "q8_0" and (metadata.key_length % 32 or metadata.value_length % 32):
        raise ModelLoadError(
            f"{path.name} can't have a KV cache in q8_0: its heads are {metadata.key_length} wide, "
            "which is no multiple of 32.",
            "Set engine.kv_cache to f16.",
        )


def _load(
    path: Path,
    metadata: GgufMetadata,
    settings: EngineSettings,
    devices: Sequence[Device],
    progress: Progress,
) -> LlamaContext:
    """Raises ModelLoadError, NotEnoughMemory."""
    plan = plan_for(metadata, devices, settings)
    on_gpu = plan.n_gpu_layers
    check_fits(plan.main, settings.n_ctx)
    settings = attrs.evolve(settings, n_gpu_layers=on_gpu)
    _log.info("Loading %s, %d of %d layers on the GPU", path.name, on_gpu, plan.n_layers)
    try:
        model = LlamaModel(path, settings, progress=progress.of(path))
    except ModelLoadError as error:
        if on_gpu == 0:
            raise
        # llama.cpp does not say which it is; a damaged file fails again without the GPU.
        raise NotEnoughMemory(
            f"{path.name} could not be loaded with {on_gpu} of {plan.n_layers} layers on the GPU."
        ) from error
    try:
        return LlamaContext(model, settings, SEQUENCES, FORKS)
    except BaseException:
        model.close()
        raise
