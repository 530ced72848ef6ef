"""A model that does not fit is loaded smaller, step by step, and the user is told."""

import logging

import pytest

from lsp_server.config import EngineSettings
from lsp_server.engine.llama import loading
from lsp_server.engine.llama.model import LlamaModel
from lsp_server.engine.llama.smaller import smaller_settings
from lsp_server.errors import ModelLoadError, NotEnoughMemory
from lsp_server.models.gguf import read_gguf
from lsp_server.models.hardware import Device
from lsp_server.models.memory import ContextSize
from lsp_server.models.plan import RESERVE, place_layers
from tests.unit.engine.conftest import infill, text_of

MIB = 2**20


def gpu(free_mib):
    return [Device("GPU0", "", "gpu", free_mib * MIB, free_mib * MIB)]


@pytest.fixture
def metadata(tiny_path):
    return read_gguf(tiny_path)  # two layers and the output


def test_steps_on_a_cpu_halve_the_context(metadata):
    steps = list(smaller_settings(EngineSettings(n_ctx=8192), metadata, []))
    assert [settings.n_ctx for settings, _ in steps] == [4096, 2048, 1024]
    assert steps[0][1] == "n_ctx is 4096"


@pytest.mark.parametrize("wanted", ["auto", -1, 3])
def test_steps_on_a_gpu_begin_with_its_layers(metadata, wanted):
    settings = EngineSettings(n_ctx=2048, n_gpu_layers=wanted)
    steps = list(smaller_settings(settings, metadata, gpu(4096)))
    assert [step.n_gpu_layers for step, _ in steps] == [2, 1, 0, 0]
    assert [step.n_ctx for step, _ in steps] == [2048, 2048, 2048, 1024]
    assert steps[1][1] == "only 1 of 3 layers are on the GPU"


async def test_a_context_that_does_not_fit_is_made_smaller(start, monkeypatch, caplog):
    def fits(need, n_ctx=None):
        if n_ctx > 1024:
            raise NotEnoughMemory(f"The model needs more at {n_ctx}.")

    monkeypatch.setattr(loading, "check_fits", fits)
    engine = start(n_ctx=4096)
    info = await engine.ready()
    assert info.n_ctx == 1024
    assert info.notice == "The model needs more at 4096. So n_ctx is 1024."
    assert await text_of(engine.infill(infill()))
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said == [
        "The model needs more at 4096.",
        "Loading tiny-code-llama.gguf again: n_ctx is 2048.",
        "The model needs more at 2048.",
        "Loading tiny-code-llama.gguf again: n_ctx is 1024.",
    ]


async def test_where_nothing_fits_the_first_reason_is_told(start, monkeypatch):
    def fits(need, n_ctx=None):
        raise NotEnoughMemory(f"Not at {n_ctx}.")

    monkeypatch.setattr(loading, "check_fits", fits)
    with pytest.raises(NotEnoughMemory, match="Not at 4096"):
        await start(n_ctx=4096).ready()


class Loads:
    """Stands in for llama.cpp on a GPU: it takes so many layers and no more. The weights are
    loaded all the same, on the CPU."""

    def __init__(self, monkeypatch, most):
        self.asked = []

        def model(path, settings, progress=None):
            self.asked.append(settings.n_gpu_layers)
            if settings.n_gpu_layers > most:
                raise ModelLoadError("llama.cpp could not load it.")
            return LlamaModel(path, settings, progress=progress)

        monkeypatch.setattr(loading, "LlamaModel", model)


async def test_as_many_layers_as_fit_the_free_memory(start, monkeypatch, metadata):
    settings = EngineSettings(n_ctx=512, n_batch=32, n_ubatch=32)
    two = place_layers(metadata, gpu(1), 2, ContextSize.of(settings, metadata)).devices[0].total
    monkeypatch.setattr(
        loading, "offload_devices", lambda: [Device("GPU0", "", "gpu", two + RESERVE, two)]
    )
    loads = Loads(monkeypatch, most=99)
    info = await start(n_gpu_layers="auto").ready()
    assert (loads.asked, info.notice) == ([2], "")


async def test_a_failed_load_takes_a_step_back(start, monkeypatch):
    monkeypatch.setattr(loading, "offload_devices", lambda: gpu(4096))
    loads = Loads(monkeypatch, most=1)
    info = await start(n_gpu_layers="auto").ready()
    assert loads.asked == [3, 2, 1]
    assert info.notice == (
        "tiny-code-llama.gguf could not be loaded with 3 of 3 layers on the GPU. "
        "So only 1 of 3 layers are on the GPU."
    )


async def test_a_damaged_file_is_not_taken_for_a_full_gpu(start, monkeypatch):
    monkeypatch.setattr(loading, "offload_devices", lambda: gpu(4096))
    loads = Loads(monkeypatch, most=-1)
    with pytest.raises(ModelLoadError):
        await start(n_gpu_layers="auto").ready()
    assert loads.asked == [3, 2, 1, 0]


async def test_without_a_gpu_nothing_is_planned_on_one(start):
    info = await start(n_gpu_layers="auto").ready()
    assert (info.gpu, info.notice) == (False, "")


async def test_heads_too_narrow_for_a_quantised_kv_cache(start, metadata):
    assert metadata.key_length % 32
    with pytest.raises(ModelLoadError, match="no multiple of 32"):
        await start(kv_cache="q8_0").ready()
