"""How a GPU back-end is had: one truth for doctor, `make gpu` and the pages."""

import re
import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from lsp_server.doctor import backends, build
from lsp_server.doctor.backends import BACKENDS, CUDA, VULKAN, install_line

ROOT = Path(__file__).parents[3]


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pinned():
    needs = tomllib.loads(page("pyproject.toml"))["project"]["dependencies"]
    return next(need.partition("==")[2] for need in needs if need.startswith("llama-cpp-python"))


def test_the_documented_table_is_what_doctor_says():
    rows = re.findall(r"^\| (\w+) \| (.+) \| `(-D\S+)` \| `(.+)` \|$", page("docs/models.md"), re.M)
    assert rows == [
        (one.gpus, one.needs, one.option, f"make gpu BACKEND={one.name.lower()}")
        for one in BACKENDS
    ]


@pytest.mark.parametrize("name", ["README.md", "docs/models.md"])
def test_the_documented_line_is_what_doctor_prints(name, monkeypatch):
    monkeypatch.setattr(backends.sys, "platform", "linux")
    text = page(name).replace(" \\\n  ", " ")
    assert install_line(CUDA, pinned(), ".venv/bin/python") in text.splitlines()


def test_on_windows_the_line_is_powershells(monkeypatch):
    monkeypatch.setattr(backends.sys, "platform", "win32")
    line = install_line(VULKAN, "1.0", "C:\\py.exe")
    assert line.startswith("$env:CMAKE_ARGS='-DGGML_VULKAN=on'; & 'C:\\py.exe' -m pip install ")


@pytest.fixture
def tools(monkeypatch):
    """Every tool is there, and an NVIDIA card."""
    monkeypatch.setattr(backends.shutil, "which", lambda tool: f"/usr/bin/{tool}")
    monkeypatch.setattr(backends.sys, "platform", "linux")


def test_the_gpu_that_is_seen_or_the_one_named(tools):
    assert build.chosen([]) is CUDA
    assert build.chosen(["vulkan"]) is VULKAN


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(backends.shutil, "which", lambda tool: None)
    with pytest.raises(SystemExit, match=re.escape(f"For Vulkan, first install {VULKAN.needs}.")):
        build.chosen(["Vulkan"])
    with pytest.raises(SystemExit, match=r"no back-end 'opencl'.*cuda, metal, rocm, vulkan"):
        build.chosen(["opencl"])
    monkeypatch.setattr(build, "seen_backends", lambda: [])
    with pytest.raises(SystemExit, match="No GPU was seen"):
        build.chosen([])


@pytest.fixture
def ran(monkeypatch, tools):
    """The commands that were run; `ran.results` are what they give."""
    found = SimpleNamespace(commands=[], results=[])

    def run(command, **options):
        found.commands.append((command, options.get("env", {}).get("CMAKE_ARGS")))
        status, output = found.results[len(found.commands) - 1]
        return subprocess.CompletedProcess(command, status, output, "")

    monkeypatch.setattr(build.subprocess, "run", run)
    return found


def test_it_is_compiled_and_looked_at(ran, monkeypatch, capsys):
    monkeypatch.setenv("CMAKE_ARGS", "-DCMAKE_CUDA_ARCHITECTURES=90")
    ran.results = [(0, ""), (0, "CUDA\nCPU\n")]
    build.main([])
    (command, options), _ = ran.commands
    assert command[1:] == backends.pip_arguments(pinned())
    assert options == "-DGGML_CUDA=on -DCMAKE_CUDA_ARCHITECTURES=90"
    assert "CUDA is compiled in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("results", "says"),
    [([(1, "")], "could not be compiled"), ([(0, ""), (0, "CPU\n")], "but has no CUDA")],
)
def test_what_went_wrong_is_said(ran, results, says):
    ran.results = results
    with pytest.raises(SystemExit, match=says):
        build.main(["cuda"])
