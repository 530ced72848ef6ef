"""The models of the settings: whether they are here, what they need, where their layers go."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import attrs

from lsp_server.config import EngineSettings
from lsp_server.doctor.report import Finding, Section, State, gib
from lsp_server.errors import ModelError
from lsp_server.models.capabilities import capabilities
from lsp_server.models.filename import parse_file_name
from lsp_server.models.fit import Machine, has_room
from lsp_server.models.gguf import GgufMetadata, read_gguf
from lsp_server.models.hardware import Device, known_bandwidth
from lsp_server.models.plan import LayerPlan, plan_for
from lsp_server.models.speed import expected_speed
from lsp_server.models.store import locate

_N_PAST = 1000  # tokens before, where a speed is named


@dataclass(frozen=True)
class Sized:
    """A model as it will be loaded, the most layers that would fit (`best`), and all of them
    (`every`)."""

    name: str
    roles: tuple[str, ...]
    path: Path
    metadata: GgufMetadata
    plan: LayerPlan
    best: LayerPlan
    every: LayerPlan
    machine: Machine

    @property
    def fits(self) -> bool:
        return has_room(self.plan, self.machine)


def sized_models(
    named: Sequence[tuple[str, str]], settings: EngineSettings, machine: Machine
) -> tuple[list[Sized], list[Finding]]:
    """The models of `(role, name)` pairs, each planned in what the ones before it leave; and a
    finding for each that can't be had."""
    sized: list[Sized] = []
    problems: list[Finding] = []
    for name, roles in _roles_of_each(named).items():
        try:
            path = locate(name)
            metadata = read_gguf(path)
        except ModelError as error:
            problems.append(Finding(" and ".join(roles), error.message, "wrong", error.hint))
            continue
        plan, best, every = (
            plan_for(metadata, machine.devices, attrs.evolve(settings, n_gpu_layers=layers))
            for layers in (settings.n_gpu_layers, "auto", -1)
        )
        sized.append(Sized(name, roles, path, metadata, plan, best, every, machine))
        machine = _less(machine, plan)
    return sized, problems


def models_section(
    sized: Sequence[Sized], problems: Sequence[Finding], bandwidth: float
) -> Section:
    """`bandwidth` of main memory, in bytes a second."""
    findings = list(problems)
    for model in sized:
        findings += _of_model(model, bandwidth)
    data = {"models": [_data(model, bandwidth) for model in sized]}
    return Section("models", "Models", tuple(findings), data)


def expected(model: Sized, plan: LayerPlan, bandwidth: float) -> float | None:
    """Tokens a second, None where a device's bandwidth isn't known."""
    used = model.machine.devices if plan.n_gpu_layers else ()
    known = [known_bandwidth(device) for device in used]
    speeds = [speed for speed in known if speed is not None]
    if len(speeds) < len(known):
        return None
    if not used:
        plan = replace(plan, reads=())
    return expected_speed(model.metadata, plan, bandwidth, speeds, _N_PAST)


def _of_model(model: Sized, bandwidth: float) -> list[Finding]:
    label = " and ".join(model.roles)
    findings = [
        Finding(label, f"{model.name} ({model.path.name})"),
        *_incapable(model),
        _memory(model),
    ]
    if model.machine.devices:
        findings.append(_layers(model, bandwidth))
    findings.append(Finding("  expected", _speed_in_words(model, model.plan, bandwidth)))
    return findings


def _incapable(model: Sized) -> list[Finding]:
    can = capabilities(model.metadata, parse_file_name(model.path))
    if "infill" in model.roles and not can.infill:
        hint = "Name a model that infills in models.infill: `codellama-lsp models list`."
        return [Finding("  infill", f"it can't: {can.why_no_infill}", "wrong", hint)]
    return []


def _memory(model: Sized) -> Finding:
    plan, machine = model.plan, model.machine
    places = [("main memory", plan.main, machine.free)]
    if plan.n_gpu_layers:
        places += [
            (device.name, need, device.free)
            for device, need in zip(machine.devices, plan.devices, strict=True)
        ]
    parts = [
        f"{place}: weights {gib(need.weights)} + KV cache {gib(need.kv)} + compute "
        f"{gib(need.compute)} = {gib(need.total)} of {gib(free)} free"
        for place, need, free in places
    ]
    state: State = "ok" if model.fits else "wrong"
    hint = (
        "" if model.fits else "Take a smaller model or a smaller engine.n_ctx, or close programs."
    )
    return Finding("  memory", "; ".join(parts), state, hint)


def _layers(model: Sized, bandwidth: float) -> Finding:
    plan, best = model.plan, model.best
    text = f"{plan.n_gpu_layers} of {plan.n_layers} layers"
    if plan.n_gpu_layers == best.n_gpu_layers:
        return Finding("  on the GPU", text + _cost(model, bandwidth))
    speed = _speed_in_words(model, best, bandwidth)
    if plan.n_gpu_layers < best.n_gpu_layers:
        return Finding("  on the GPU", f"{text}; {best.n_gpu_layers} would fit: {speed}", "note")
    return Finding(
        "  on the GPU",
        f"{text} are wanted, but {best.n_gpu_layers} fit: {speed}",
        "wrong",
        "Set engine.n_gpu_layers: auto, or a smaller engine.n_ctx.",
    )


def _cost(model: Sized, bandwidth: float) -> str:
    """What the layers cost that don't fit: nothing is said where all do."""
    here, whole = (expected(model, plan, bandwidth) for plan in (model.plan, model.every))
    if model.plan.all_on_gpu:
        return ""
    if here is None or whole is None:
        return " fit; the others cost speed"
    return f" fit, which costs speed: {here:.0f} tokens a second instead of {whole:.0f}"


def _speed_in_words(model: Sized, plan: LayerPlan, bandwidth: float) -> str:
    speed = expected(model, plan, bandwidth)
    if speed is None:
        return "the speed of this GPU's memory isn't known"
    read = plan.main_reads + sum(plan.reads)
    return f"at most {speed:.0f} tokens a second ({read / 1e9:.2f} GB are read for each)"


def _roles_of_each(named: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """One model serves both roles where both name it; the first is planned first."""
    found: dict[str, tuple[str, ...]] = {}
    for role, name in named:
        found[name] = (*found.get(name, ()), role)
    return found


def _less(machine: Machine, plan: LayerPlan) -> Machine:
    """What is left after a model was loaded."""
    devices: list[Device] = [
        replace(device, free=max(0, device.free - need.total))
        for device, need in zip(machine.devices, plan.devices, strict=True)
    ]
    return Machine(devices, max(0, machine.free - plan.main.total))


def _data(model: Sized, bandwidth: float) -> dict[str, Any]:
    return {
        "name": model.name,
        "roles": list(model.roles),
        "path": str(model.path),
        "fits": model.fits,
        "n_gpu_layers": model.plan.n_gpu_layers,
        "n_gpu_layers_that_fit": model.best.n_gpu_layers,
        "n_layers": model.plan.n_layers,
        "main_memory": asdict(model.plan.main),
        "devices": [asdict(need) for need in model.plan.devices],
        "expected_tokens_per_second": expected(model, model.plan, bandwidth),
        "expected_with_all_layers": expected(model, model.every, bandwidth),
    }
