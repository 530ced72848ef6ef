"""How many layers of a model go on the GPU: as many as fit, with their KV cache.

Pure functions of a file's metadata and of what is free. The way of distributing is llama.cpp's own
(`load_tensors` in llama-model.cpp): the output layer goes first, then the last of the repeating
layers; they are split over several devices by their free memory; the input embeddings stay in main
memory.
"""

import ctypes
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from lsp_server.config import EngineSettings
from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.hardware import Device
from lsp_server.models.memory import ContextSize, MemoryNeed, compute_bytes, output_bytes

# Bytes left free on each device: cuBLAS workspaces, CUDA graphs, the screen.
RESERVE = 512 << 20
_COPIES = 4  # of a batch's inputs, where several devices work in a pipeline


@dataclass(frozen=True)
class LayerPlan:
    """Where a model's `n_layers` layers go: its repeating ones and the output layer.

    `devices` has what each device needs, in the order that was given, `main` what main memory
    needs. `reads` are the bytes of weights that one token reads on each device, `main_reads` in
    main memory.
    """

    n_gpu_layers: int
    n_layers: int
    devices: tuple[MemoryNeed, ...]
    main: MemoryNeed
    reads: tuple[int, ...]
    main_reads: int

    @property
    def all_on_gpu(self) -> bool:
        return self.n_gpu_layers == self.n_layers


def plan_for(
    metadata: GgufMetadata, devices: Sequence[Device], settings: EngineSettings
) -> LayerPlan:
    """How the settings have the model loaded: with the layers that they name, or as many as fit."""
    size = ContextSize.of(settings, metadata)
    if settings.n_gpu_layers == "auto":
        return plan_layers(metadata, devices, size)
    return place_layers(metadata, devices, settings.n_gpu_layers, size)


def plan_layers(
    metadata: GgufMetadata,
    devices: Sequence[Device],
    size: ContextSize,
    *,
    reserve: int = RESERVE,
) -> LayerPlan:
    """The most layers that fit `devices` (GPUs only, in llama.cpp's order), with their share of
    the KV cache and `reserve` bytes left on each. None fit, or no devices: 0 layers."""
    layers = _Layers.of(metadata)
    for n_gpu_layers in range(metadata.n_layer + 1 if devices else 0, -1, -1):
        plan = _placed(metadata, layers, devices, n_gpu_layers, size)
        fits = (
            need.total + reserve <= device.free
            for need, device in zip(plan.devices, devices, strict=True)
        )
        if n_gpu_layers == 0 or all(fits):
            return plan
    raise AssertionError("the last turn has 0 layers")


def place_layers(
    metadata: GgufMetadata,
    devices: Sequence[Device],
    n_gpu_layers: int,
    size: ContextSize,
) -> LayerPlan:
    """What `n_gpu_layers` layers need, whether that fits or not; -1 for all of them."""
    wanted = metadata.n_layer + 1 if n_gpu_layers < 0 else n_gpu_layers
    wanted = min(wanted, metadata.n_layer + 1) if devices else 0
    layers = _Layers.of(metadata)
    return _placed(metadata, layers, devices, wanted, size)


def fewer_layers(n_gpu_layers: int) -> Iterator[int]:
    """What to try where loading failed all the same: an eighth less, a quarter, half, none."""
    tried = n_gpu_layers
    for eighths in (7, 6, 4, 0):
        fewer = n_gpu_layers * eighths // 8
        if fewer < tried:
            yield fewer
        tried = fewer


@dataclass(frozen=True)
class _Layers:
    """Bytes of weights. `repeating` and `output` in the order of the layers; `read` is the share
    that one token reads of each (of a mixture of experts, only those that it uses)."""

    input: int
    input_read: int
    layers: tuple[int, ...]
    read: tuple[int, ...]
    largest: tuple[int, ...]

    @classmethod
    def of(cls, metadata: GgufMetadata) -> "_Layers":
        n_layer = metadata.n_layer
        sizes: Counter[int] = Counter()
        read: Counter[int] = Counter()
        largest: Counter[int] = Counter()
        expert_share = _expert_share(metadata)
        for name, size in metadata.tensor_bytes.items():
            layer = _layer_of(name, n_layer)
            sizes[layer] += size
            read[layer] += int(size * expert_share) if "_exps." in name else size
            largest[layer] = max(largest[layer], size)
        embeddings = metadata.tensor_bytes.get("token_embd.weight", 0)
        if "output.weight" not in metadata.tensor_bytes:  # tied: the embeddings are used twice
            sizes[n_layer] += embeddings
            read[n_layer] += embeddings
            largest[n_layer] = embeddings
        every = range(n_layer + 1)
        return cls(
            input=sizes[-1],
            input_read=read[-1] - embeddings,  # one row of them is read
            layers=tuple(sizes[i] for i in every),
            read=tuple(read[i] for i in every),
            largest=tuple(largest[i] for i in every),
        )


def _layer_of(name: str, n_layer: int) -> int:
    """-1 for the input, n_layer for the output."""
    block = re.match(r"blk\.(\d+)\.", name)
    if block:
        return min(int(block[1]), n_layer)
    return n_layer if name.startswith("output") else -1


def _expert_share(metadata: GgufMetadata) -> float:
    count = int(metadata.values.get(f"{metadata.architecture}.expert_count", 0))
    used = int(metadata.values.get(f"{metadata.architecture}.expert_used_count", 0))
    return used / count if count and used else 1.0


def _placed(
    metadata: GgufMetadata,
    layers: _Layers,
    devices: Sequence[Device],
    n_gpu_layers: int,
    size: ContextSize,
) -> LayerPlan:
    n_layers = metadata.n_layer + 1
    first = n_layers - n_gpu_layers
    kv = [
        int(n_head_kv * (metadata.key_length + metadata.value_length) * size.kv_element_bytes)
        * size.n_cells
        for n_head_kv in metadata.n_head_kv
    ] + [0]
    place = [
        -1 if layer < first else _device_of(layer - first, n_gpu_layers, devices)
        for layer in range(n_layers)
    ]

    def total(values: Sequence[int], where: int) -> int:
        return sum(value for value, at in zip(values, place, strict=False) if at == where)

    compute = compute_bytes(metadata, size)
    numbers = range(len(devices))
    extra = _extra(layers, place, size, len(devices))
    on_main = first > 0
    main_compute = compute if on_main else (4 * metadata.n_embd + 2 * size.n_cells) * size.n_ubatch
    # A tied output on a device is a copy; in main memory it is the input's own.
    tied = "output.weight" not in metadata.tensor_bytes and place[-1] == -1
    twice = metadata.tensor_bytes.get("token_embd.weight", 0) if tied else 0
    return LayerPlan(
        n_gpu_layers=n_gpu_layers,
        n_layers=n_layers,
        devices=tuple(
            MemoryNeed(total(layers.layers, i), total(kv, i), compute + extra)
            if n_gpu_layers
            else MemoryNeed(0, 0, 0)
            for i in numbers
        ),
        main=MemoryNeed(
            layers.input + total(layers.layers, -1) - twice,
            total(kv, -1),
            main_compute + output_bytes(metadata),
        ),
        reads=tuple(total(layers.read, i) for i in numbers),
        main_reads=layers.input_read + total(layers.read, -1),
    )


def _device_of(index: int, n_gpu_layers: int, devices: Sequence[Device]) -> int:
    """The device of the `index`th layer on GPUs, in llama.cpp's single precision."""
    total = _f32(sum(device.free for device in devices)) or 1.0
    splits = [_f32(_f32(end) / total) for end in accumulate(device.free for device in devices)]
    return min(bisect_right(splits, _f32(index / n_gpu_layers)), len(devices) - 1)


def _extra(layers: _Layers, place: Sequence[int], size: ContextSize, n_devices: int) -> int:
    """What a device's compute buffer holds besides: weights that lie in main memory are brought
    over for a long batch, one tensor at a time; a pipeline of devices has copies of the mask."""
    on_main = [size for size, at in zip(layers.largest, place, strict=True) if at == -1]
    if on_main:
        return max(on_main)
    return (_COPIES - 1) * 2 * size.n_cells * size.n_ubatch if n_devices > 1 else 0


def _f32(value: float) -> float:
    return ctypes.c_float(value).value
