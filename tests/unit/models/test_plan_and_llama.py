"""The plan beside what llama.cpp itself reports: within 5 %."""

from collections import Counter

import pytest

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.context import LlamaContext
from lsp_server.engine.llama.devices import allocations, backends, devices, offload_devices
from lsp_server.engine.llama.kv_cache import sequence_count
from lsp_server.engine.llama.model import LlamaModel
from lsp_server.models.gguf import read_gguf
from lsp_server.models.memory import FORKS, SEQUENCES, ContextSize, compute_bytes
from lsp_server.models.plan import place_layers, plan_for
from lsp_server.models.store import locate

from .shapes import SHAPES, write_shape

COUNT = sequence_count(SEQUENCES, FORKS)


@pytest.fixture
def embedded(monkeypatch):
    monkeypatch.delenv("CODELLAMA_LSP_MODELS")
    return locate("qwen2.5-coder-0.5b")


def reported(path, settings):
    """Bytes by kind of buffer, and the number of cells."""
    with allocations() as found:
        model = LlamaModel(path, settings)
        context = LlamaContext(model, settings, SEQUENCES, FORKS)
        context.close()
        model.close()
    sizes = Counter()
    for allocation in found:
        if not allocation.place.endswith("_REPACK"):  # a second copy, where the processor has one
            sizes[allocation.what] += allocation.size
    return sizes


@pytest.mark.real_model
@pytest.mark.parametrize(
    ("n_ctx", "n_ubatch", "kv_cache"), [(4096, 128, "f16"), (2048, 512, "f16"), (4096, 128, "q8_0")]
)
def test_the_embedded_model_takes_what_was_planned(embedded, n_ctx, n_ubatch, kv_cache):
    settings = EngineSettings(n_ctx=n_ctx, n_ubatch=n_ubatch, kv_cache=kv_cache)
    found = reported(embedded, settings)
    plan = plan_for(read_gguf(embedded), [], settings)
    assert plan.main.kv == found["KV"]
    assert plan.main.compute == pytest.approx(found["compute"] + found["output"], rel=0.05)
    assert plan.main.weights == pytest.approx(found["model"], rel=0.01)
    assert plan.main.total == pytest.approx(found.total(), rel=0.05)


@pytest.fixture(scope="module", params=SHAPES)
def shape(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("shapes") / f"{request.param}.gguf"
    return write_shape(path, *SHAPES[request.param])


@pytest.mark.parametrize(("n_cells", "n_ubatch"), [(8192, 128), (8192, 512), (32768, 128)])
def test_compute_buffers_of_code_llama_in_a_dry_run(shape, n_cells, n_ubatch):
    found = dry_run(shape, n_cells, n_ubatch)
    assert compute_bytes(read_gguf(shape), ContextSize(n_cells, n_ubatch)) == pytest.approx(
        found, rel=0.01
    )


def dry_run(path, n_cells, n_ubatch):
    """The compute buffer that llama.cpp would allocate, in bytes."""
    params = llama_cpp.llama_model_default_params()
    params.no_alloc, params.use_extra_bufts, params.load_mode = True, False, 0
    params.n_gpu_layers = 0
    context_params = llama_cpp.llama_context_default_params()
    context_params.n_ctx, context_params.n_seq_max = n_cells, COUNT
    context_params.kv_unified, context_params.n_outputs_max = True, COUNT
    context_params.n_batch, context_params.n_ubatch = 512, n_ubatch
    with allocations() as found:
        model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        context = llama_cpp.llama_init_from_model(model, context_params)
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)
    return sum(allocation.size for allocation in found if allocation.what == "compute")


def test_weights_of_the_plan_are_the_files(shape):
    metadata = read_gguf(shape)
    plan = place_layers(metadata, [], 0, ContextSize(8192, 128))
    header = shape.stat().st_size - sum(metadata.tensor_bytes.values())
    assert plan.main.weights == shape.stat().st_size - header
    assert header < 4 << 20


def test_devices_of_this_machine():
    found = devices()
    cpu = next(device for device in found if device.kind == "cpu")
    assert 0 < cpu.free < cpu.total
    assert "CPU" in backends()
    assert all(device.kind in ("gpu", "integrated") for device in offload_devices())
    assert bool(offload_devices()) == bool(llama_cpp.llama_supports_gpu_offload())
