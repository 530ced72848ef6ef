"""A model that does not fit is loaded smaller, and the user is told."""

import pytest

from lsp_server.config import EngineSettings
from lsp_server.engine.llama import engine as engine_module
from lsp_server.engine.llama.smaller import smaller_settings
from lsp_server.errors import NotEnoughMemory
from tests.unit.engine.conftest import infill, text_of


def test_steps_on_a_cpu_halve_the_context():
    steps = list(smaller_settings(EngineSettings(n_ctx=8192), n_layer=32, gpu=False))
    assert [settings.n_ctx for settings, _ in steps] == [4096, 2048, 1024]
    assert steps[0][1] == "n_ctx is 4096"


def test_steps_on_a_gpu_begin_with_its_layers():
    steps = list(smaller_settings(EngineSettings(n_ctx=2048), n_layer=32, gpu=True))
    assert [settings.n_gpu_layers for settings, _ in steps] == [24, 16, 8, 0, 0]
    assert [settings.n_ctx for settings, _ in steps] == [2048, 2048, 2048, 2048, 1024]


async def test_a_context_that_does_not_fit_is_made_smaller(start, monkeypatch):
    def fits(need, n_ctx=None):
        if n_ctx > 1024:
            raise NotEnoughMemory("The model needs more.")

    monkeypatch.setattr(engine_module, "check_fits", fits)
    engine = start(n_ctx=4096)
    info = await engine.ready()
    assert info.n_ctx == 1024
    assert info.notice == "The model needs more. So n_ctx is 1024."
    assert await text_of(engine.infill(infill()))


async def test_where_nothing_fits_the_first_reason_is_told(start, monkeypatch):
    def fits(need, n_ctx=None):
        raise NotEnoughMemory(f"Not at {n_ctx}.")

    monkeypatch.setattr(engine_module, "check_fits", fits)
    with pytest.raises(NotEnoughMemory, match="Not at 4096"):
        await start(n_ctx=4096).ready()
