"""How many layers go on the GPU, on devices of every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.config import EngineSettings
from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.hardware import Device, known_bandwidth
from lsp_server.models.memory import ContextSize
from lsp_server.models.plan import RESERVE, fewer_layers, place_layers, plan_for, plan_layers
from lsp_server.models.speed import expected_speed

GIB, MIB = 2**30, 2**20
LAYER, EMBEDDINGS, OUTPUT = 100 * MIB, 70 * MIB, 80 * MIB
CELLS, UBATCH = 8192, 128
SIZE = ContextSize(CELLS, UBATCH)


def model(tied=False, n_layer=32, experts=False):
    """A Code Llama 7B in shape, in round numbers."""
    tensors = {"token_embd.weight": EMBEDDINGS}
    if not tied:
        tensors["output.weight"] = OUTPUT
    for layer in range(n_layer):
        part = "ffn_up_exps.weight" if experts else "ffn_up.weight"
        tensors[f"blk.{layer}.{part}"] = LAYER * 3 // 5
        tensors[f"blk.{layer}.attn_q.weight"] = LAYER * 2 // 5
    values = {"llama.feed_forward_length": 11008}
    if experts:
        values |= {"llama.expert_count": 8, "llama.expert_used_count": 2}
    return GgufMetadata(
        version=3,
        architecture="llama",
        name="",
        n_layer=n_layer,
        n_ctx_train=16384,
        n_embd=4096,
        n_head=32,
        n_head_kv=(32,) * n_layer,
        key_length=128,
        value_length=128,
        n_vocab=32016,
        n_tensors=len(tensors),
        quantisation="Q4_0",
        has_chat_template=False,
        fim_prefix="",
        values=values,
        tensor_bytes=tensors,
    )


KV_OF_A_LAYER = 128 * MIB  # 8,192 cells
COMPUTE = int(27.14 * MIB)


def gpus(*free):
    return [Device(f"GPU{i}", "", "gpu", int(f), int(f)) for i, f in enumerate(free)]


def needs(n_layers, output=True):
    return n_layers * (LAYER + KV_OF_A_LAYER) + output * OUTPUT + COMPUTE + RESERVE + MIB


@pytest.mark.parametrize(
    ("free", "layers"),
    [
        (100 * GIB, 33),
        (needs(32), 33),
        (needs(32) - 2 * MIB, 32),
        (needs(16) + LAYER, 17),
        (needs(1) + LAYER, 2),
        (300 * MIB, 0),
        (0, 0),
    ],
)
def test_as_many_layers_as_fit_one_device(free, layers):
    plan = plan_layers(model(), gpus(free), SIZE)
    assert plan.n_gpu_layers == layers
    assert plan.all_on_gpu == (layers == 33)


def test_no_device_is_all_in_main_memory():
    plan = plan_layers(model(), [], SIZE)
    assert (plan.n_gpu_layers, plan.devices) == (0, ())
    assert plan.main.weights == 32 * LAYER + EMBEDDINGS + OUTPUT
    assert plan.main.kv == 32 * KV_OF_A_LAYER


def test_layers_go_from_the_last_on_and_the_output_is_one():
    one = place_layers(model(), gpus(GIB), 1, SIZE)
    assert (one.devices[0].weights, one.devices[0].kv) == (OUTPUT, 0)
    three = place_layers(model(), gpus(GIB), 3, SIZE)
    assert three.devices[0].weights == OUTPUT + 2 * LAYER
    assert three.devices[0].kv == 2 * KV_OF_A_LAYER
    assert three.main.weights == EMBEDDINGS + 30 * LAYER
    everything = place_layers(model(), gpus(GIB), -1, SIZE)
    assert everything.main.weights == EMBEDDINGS


def test_weights_in_main_memory_are_brought_over_for_long_batches():
    some = place_layers(model(), gpus(GIB), 20, SIZE)
    every = place_layers(model(), gpus(GIB), 33, SIZE)
    assert some.devices[0].compute - every.devices[0].compute == LAYER * 3 // 5


def test_tied_embeddings_are_copied_to_the_device():
    on_gpu = place_layers(model(tied=True), gpus(GIB), 33, SIZE)
    assert on_gpu.devices[0].weights == 32 * LAYER + EMBEDDINGS
    assert on_gpu.main.weights == EMBEDDINGS
    on_cpu = place_layers(model(tied=True), [], 0, SIZE)
    assert on_cpu.main.weights == 32 * LAYER + EMBEDDINGS
    assert on_cpu.main_reads == on_cpu.main.weights


def test_several_devices_share_by_their_free_memory():
    plan = plan_layers(model(), gpus(4 * GIB, 12 * GIB), SIZE)
    assert plan.n_gpu_layers == 33
    small, large = (need.kv // KV_OF_A_LAYER for need in plan.devices)
    assert (small, large) == (9, 23)  # 33 layers in shares of 1 and 3, the output with the last


def test_a_device_that_is_full_limits_its_share():
    alone = plan_layers(model(), gpus(5 * GIB), SIZE).n_gpu_layers
    two = plan_layers(model(), gpus(5 * GIB, 5 * GIB), SIZE).n_gpu_layers
    assert alone < two <= 33


def test_a_quantised_kv_cache_leaves_room_for_more_layers():
    f16 = plan_layers(model(), gpus(5 * GIB), SIZE)
    q8_0 = plan_layers(model(), gpus(5 * GIB), ContextSize(CELLS, UBATCH, 34 / 32))
    assert q8_0.n_gpu_layers > f16.n_gpu_layers


@given(
    st.lists(st.integers(0, 20 * GIB), max_size=4),
    st.integers(256, 65536),
    st.sampled_from([32, 128, 512]),
    st.booleans(),
)
def test_what_is_planned_fits_and_nothing_is_lost(free, cells, ubatch, tied):
    metadata, devices = model(tied), gpus(*free)
    plan = plan_layers(metadata, devices, ContextSize(cells, ubatch))
    if plan.n_gpu_layers:
        for need, device in zip(plan.devices, devices, strict=True):
            assert need.total + RESERVE <= device.free
    copied = EMBEDDINGS if tied and plan.n_gpu_layers else 0
    weights = plan.main.weights + sum(need.weights for need in plan.devices)
    assert weights == sum(metadata.tensor_bytes.values()) + copied
    kv = plan.main.kv + sum(need.kv for need in plan.devices)
    assert kv == metadata.kv_bytes_per_token() * cells


@pytest.mark.parametrize(
    ("layers", "fewer"), [(33, [28, 24, 16, 0]), (2, [1, 0]), (1, [0]), (0, [])]
)
def test_one_step_smaller(layers, fewer):
    assert list(fewer_layers(layers)) == fewer


@pytest.mark.parametrize(("wanted", "layers"), [("auto", 17), (-1, 33), (40, 33), (5, 5), (0, 0)])
def test_the_settings_say_how_many_layers(wanted, layers):
    devices = gpus(needs(16) + LAYER)
    settings = EngineSettings(n_gpu_layers=wanted, n_ctx=CELLS // 2, n_ubatch=UBATCH)
    assert plan_for(model(), devices, settings).n_gpu_layers == layers
    assert plan_for(model(), [], settings).n_gpu_layers == 0


def test_the_settings_size_the_context():
    size = ContextSize.of(EngineSettings(n_ctx=4096, n_ubatch=512, n_batch=256), model())
    assert size == ContextSize(8192, 256, 2.0)
    longer_than_trained = EngineSettings(n_ctx=65536, kv_cache="q8_0")
    assert ContextSize.of(longer_than_trained, model()) == ContextSize(32768, 128, 34 / 32)


def test_speed_is_what_the_memory_allows():
    metadata = model()
    on_cpu = plan_layers(metadata, [], SIZE)
    weights = 32 * LAYER + OUTPUT
    assert expected_speed(metadata, on_cpu, 20e9, []) == pytest.approx(20e9 / weights)
    all_on_gpu = plan_layers(metadata, gpus(24 * GIB), SIZE)
    fast = expected_speed(metadata, all_on_gpu, 20e9, [1000e9])
    assert fast == pytest.approx(1000e9 / weights)
    half = place_layers(metadata, gpus(24 * GIB), 17, SIZE)
    assert expected_speed(metadata, half, 20e9, [1000e9]) == pytest.approx(
        1 / (16 * LAYER / 20e9 + (16 * LAYER + OUTPUT) / 1000e9)
    )
    assert expected_speed(metadata, all_on_gpu, 20e9, [1000e9], n_past=4096) < fast


def test_a_mixture_reads_only_the_experts_that_it_uses():
    plan = place_layers(model(experts=True), [], 0, SIZE)
    assert plan.main_reads == OUTPUT + 32 * (LAYER * 2 // 5 + LAYER * 3 // 5 // 4)
    assert plan.main.weights > plan.main_reads


@pytest.mark.parametrize(
    ("description", "gigabytes"),
    [
        ("NVIDIA GeForce RTX 3060", 360),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 672),
        ("NVIDIA H200", 4800),
        ("Apple M1 Max", 400),
        ("Apple M1", 68),
        ("Some other card", None),
    ],
)
def test_bandwidth_by_the_data_sheet(description, gigabytes):
    device = Device("GPU0", description, "gpu", 0, 0)
    assert known_bandwidth(device) == (gigabytes and gigabytes * 1e9)
