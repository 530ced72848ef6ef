"""What is around the server: its socket folder, editors, the way to models."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from lsp_server.doctor.report import Finding, Section
from lsp_server.engine.address import can_be_socket
from lsp_server.engine.host.listen import unix_socket
from lsp_server.errors import CodeLlamaError

# Command, name, the oldest version that the editor's page is written for.
_EDITORS = (
    ("code", "VS Code", (1, 91)),
    ("codium", "VSCodium", (1, 91)),
    ("nvim", "Neovim", (0, 11)),
    ("hx", "Helix", (0, 0)),
    ("helix", "Helix", (0, 0)),
    ("emacs", "Emacs", (28, 1)),
)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


def sockets_section(runtime_folder: Callable[[], Path], needed: bool = True) -> Section:
    """Whether the shared engine can have its socket; only a note where it isn't `needed`."""
    section = _sockets(runtime_folder)
    if needed:
        return section
    softened = (
        replace(one, state="note" if one.state == "wrong" else one.state)
        for one in section.findings
    )
    return replace(section, findings=tuple(softened))


def _sockets(runtime_folder: Callable[[], Path]) -> Section:
    try:
        folder = runtime_folder()
    except (CodeLlamaError, OSError) as error:
        hint = error.hint if isinstance(error, CodeLlamaError) else "Set XDG_RUNTIME_DIR."
        text = error.message if isinstance(error, CodeLlamaError) else str(error)
        return Section("sockets", "Sockets", (Finding("folder", text, "wrong", hint),))
    if sys.platform == "win32":
        findings = [Finding("folder", f"{folder}, in your profile; engines listen on loopback")]
    else:
        findings = [Finding("folder", f"{folder}, {_mode(folder)}"), _bindable(folder)]
    engines = len([*folder.glob("engine-*.sock"), *folder.glob("engine-*.port")])
    if engines:
        text = f"{engines} in the folder; `codellama-lsp engine status` tells of them"
        findings.append(Finding("engines", text))
    return Section("sockets", "Sockets", tuple(findings), {"folder": str(folder)})


def _mode(folder: Path) -> str:
    mode = folder.stat().st_mode & 0o777
    return f"mode {mode:04o}" + (", yours alone" if not mode & 0o077 else "")


def _bindable(folder: Path) -> Finding:
    place = folder / f"engine-doctor-{os.getpid():x}-0000.sock.test"  # as long as a real one
    if not can_be_socket(place):
        return Finding("socket", "its name would be too long; engines listen on loopback instead")
    try:
        unix_socket(place).close()
    except OSError as error:
        return Finding(
            "socket",
            f"can't be made there: {error}",
            "wrong",
            "Set XDG_RUNTIME_DIR to a folder of your own, or engine.transport to loopback.",
        )
    finally:
        place.unlink(missing_ok=True)
    return Finding("socket", "can be made there")


def editors_section() -> Section:
    """The editors on the path and their versions."""
    there = [one for one in _EDITORS if _program(one[0])]
    with ThreadPoolExecutor() as pool:
        versions = list(pool.map(lambda one: _version(one[0]), there))
    findings = []
    for (_, name, oldest), version in zip(there, versions, strict=True):
        numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
        if numbers and numbers < oldest:
            wanted = ".".join(map(str, oldest))
            findings.append(Finding(name, f"{version}; {wanted} or later is needed", "note"))
        else:
            findings.append(Finding(name, version or "its version can't be told"))
    if not findings:
        findings.append(Finding("none", "VS Code, Neovim, Helix and Emacs are not on the path"))
    data = {"editors": {one[1]: version for one, version in zip(there, versions, strict=True)}}
    return Section("editors", "Editors", tuple(findings), data)


def _program(command: str) -> str | None:
    """Its path; not where Windows looks first, the current folder, which may be anybody's."""
    found = shutil.which(command)
    if found and sys.platform == "win32" and Path(found).resolve().parent == Path.cwd():
        return None
    return found


def _version(command: str) -> str:
    try:
        run = subprocess.run(
            [_program(command) or command, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+\.\d+(?:\.\d+)?", run.stdout)
    return match[0] if match else ""


def network_section(environment: Mapping[str, str], endpoint: str) -> Section:
    """Where models come from. Of tokens and proxies only whether they are set."""
    host = urlsplit(endpoint).hostname or "?"
    proxies = [name for name in _PROXIES if environment.get(name) or environment.get(name.lower())]
    token = "set" if environment.get("HF_TOKEN", "").strip() else "not set"
    findings = (
        Finding("hub", f"{host} (HF_ENDPOINT); HF_TOKEN is {token}"),
        Finding("proxies", ", ".join(proxies) + " set" if proxies else "none set"),
    )
    return Section("network", "Network (used by `models pull` and `models search` alone)", findings)
