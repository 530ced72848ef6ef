"""The installation, and the GPU back-ends compiled into llama.cpp."""

import importlib.metadata
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from lsp_server import __version__
from lsp_server.doctor.backends import BACKENDS, CUDA, Backend, install_line, is_compiled
from lsp_server.doctor.report import Finding, Section, gib
from lsp_server.models.hardware import Device


def program_section(
    binding_version: str, backends: Sequence[str], features: Sequence[str]
) -> Section:
    """`backends` and `features` as llama.cpp names them."""
    findings = [
        *_installed(),
        Finding("llama.cpp", f"llama-cpp-python {binding_version}; {', '.join(backends)}"),
    ]
    fast = [name for name in ("AVX512", "AVX2", "NEON", "SVE") if name in features]
    if platform.machine().lower() in ("x86_64", "amd64") and not fast:
        findings.append(
            Finding(
                "processor",
                "built without AVX2, so slow",
                "note",
                install_line(None, binding_version),
            )
        )
    data = {"version": __version__, "binding": binding_version}
    return Section(
        "program",
        "Program",
        tuple(findings),
        data | {"backends": list(backends), "cpu_features": list(features)},
    )


def broken_section(reason: str, seen: Sequence[Backend]) -> Section:
    """Where llama.cpp can't even be loaded. `seen` as for `gpu_section`."""
    version = importlib.metadata.version("llama-cpp-python")
    lines = [install_line(one, version) for one in seen] or [install_line(None, version)]
    broken = Finding("llama.cpp", reason, "wrong", "\n".join(lines))
    data = {"version": __version__, "binding": version}
    return Section("program", "Program", (*_installed(), broken), data)


def _installed() -> tuple[Finding, ...]:
    python = f"{platform.python_version()} ({sys.executable}) on {platform.platform(terse=True)}"
    return (
        Finding("codellama-lsp", f"{__version__}, in {Path(__file__).parents[1]}"),
        Finding("Python", python),
    )


def gpu_section(
    devices: Sequence[Device], backends: Sequence[str], seen: Sequence[Backend], version: str
) -> Section:
    """The devices with their memory; where a GPU is seen that can't be used, how to get it.

    `seen` are the back-ends that this machine's hardware could use.
    """
    findings = [
        Finding(
            device.name,
            f"{device.description}: {gib(device.free)} free of {gib(device.total)}",
        )
        for device in devices
    ]
    gpus = [device for device in devices if device.kind in ("gpu", "integrated")]
    compiled = [one for one in BACKENDS if is_compiled(one, backends)]
    if not compiled:
        findings.append(_without_backend(seen, version))
    elif not gpus:
        names = " and ".join(one.name for one in compiled)
        findings.append(
            Finding(
                "GPU",
                f"{names} is compiled in, but finds no device: everything runs on the CPU.",
                "wrong" if seen else "note",
                "Is the driver loaded, and may this user open the device?" if seen else "",
            )
        )
    listed = [
        {"name": one.name, "description": one.description, "kind": one.kind}
        | {"free": one.free, "total": one.total}
        for one in devices
    ]
    data = {"devices": listed, "gpu_seen": [one.name for one in seen]}
    return Section("devices", "Devices", tuple(findings), data)


def _without_backend(seen: Sequence[Backend], version: str) -> Finding:
    if not seen:
        return Finding(
            "GPU",
            "None was seen, and none is compiled in: everything runs on the CPU. With one, install "
            f"with {', '.join(f'{one.option} ({one.name})' for one in BACKENDS)}, such as:",
            "note",
            install_line(CUDA, version),
        )
    lines = []
    for one in seen:
        missing = f"  # {one.in_words}" if one.in_words else ""
        lines.append(install_line(one, version) + missing)
    names = " or ".join(one.name for one in seen)
    return Finding(
        "GPU",
        f"There is one, but llama.cpp was compiled without {names}. It is not used until you run:",
        "note",
        "\n".join(lines),
    )
