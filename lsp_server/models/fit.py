"""Whether a model fits this machine, and where its layers would go."""

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.config import EngineSettings
from lsp_server.models.catalogue import Entry
from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.hardware import Device
from lsp_server.models.memory import ContextSize
from lsp_server.models.plan import LayerPlan, plan_layers


@dataclass(frozen=True)
class Machine:
    """`devices` are those that llama.cpp puts layers on; `free` is main memory, in bytes."""

    devices: Sequence[Device]
    free: int


@dataclass(frozen=True)
class Fit:
    """A plan and whether main memory has room for its part of it."""

    plan: LayerPlan
    fits: bool

    @property
    def total(self) -> int:
        """Bytes of all kinds of memory together."""
        return self.plan.main.total + sum(need.total for need in self.plan.devices)

    @property
    def in_words(self) -> str:
        plan = self.plan
        if not self.fits:
            return "no"
        if not plan.devices:
            return "yes"
        if plan.all_on_gpu:
            return "yes, on the GPU"
        return f"{plan.n_gpu_layers} of {plan.n_layers} layers on the GPU"


def fit(metadata: GgufMetadata, machine: Machine, settings: EngineSettings) -> Fit:
    """How a model would lie in the memory that is free now, with as many layers on GPUs as fit."""
    plan = plan_layers(metadata, machine.devices, ContextSize.of(settings, metadata))
    return Fit(plan, has_room(plan, machine))


def has_room(plan: LayerPlan, machine: Machine) -> bool:
    """Whether every place has the memory that the plan puts there; an integrated GPU's is main
    memory."""
    pairs = list(zip(plan.devices, machine.devices, strict=True))
    in_main = sum(need.total for need, device in pairs if device.kind == "integrated")
    on_devices = all(need.total <= device.free for need, device in pairs)
    return on_devices and plan.main.total + in_main <= machine.free


def reckoned(entry: Entry) -> GgufMetadata | None:
    """What the file of an entry that isn't here would say, as far as memory goes; None where its
    shape isn't known. The size is shared out as the weights' numbers are."""
    shape = entry.shape
    if shape is None:
        return None
    embeddings = shape.vocabulary * shape.width
    layer = shape.width * (2 * shape.width + 2 * shape.kv_width + 3 * shape.feed_forward)
    scale = entry.about_bytes / (2 * embeddings + shape.layers * layer)
    tensors = {f"blk.{i}.weight": int(layer * scale) for i in range(shape.layers)}
    tensors |= dict.fromkeys(("token_embd.weight", "output.weight"), int(embeddings * scale))
    return GgufMetadata(
        version=3,
        architecture="reckoned",
        name=entry.name,
        n_layer=shape.layers,
        n_ctx_train=0,
        n_embd=shape.width,
        n_head=1,
        n_head_kv=(1,) * shape.layers,
        key_length=shape.kv_width,
        value_length=shape.kv_width,
        n_vocab=shape.vocabulary,
        n_tensors=len(tensors),
        quantisation=entry.quantisation,
        has_chat_template=False,
        fim_prefix="",
        values={"reckoned.feed_forward_length": shape.feed_forward},
        tensor_bytes=tensors,
    )
