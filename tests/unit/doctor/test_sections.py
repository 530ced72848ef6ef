"""The sections of the report, on machines of every kind."""

import json
import re
import socket
import stat
import subprocess
from types import SimpleNamespace

import attrs
import pytest

from lsp_server.config import Config, EngineSettings, Models
from lsp_server.doctor import backends, surroundings
from lsp_server.doctor.backends import CUDA, ROCM, VULKAN
from lsp_server.doctor.logs import logs_section
from lsp_server.doctor.models import expected, models_section, sized_models
from lsp_server.doctor.program import gpu_section, program_section
from lsp_server.doctor.report import Finding, Section
from lsp_server.doctor.settings import settings_section
from lsp_server.doctor.speed import Measured, measured, speed_section
from lsp_server.doctor.surroundings import editors_section, network_section, sockets_section
from lsp_server.engine.double import ScriptedEngine
from lsp_server.engine.protocol import Chunk, Finish, Usage
from lsp_server.errors import ConfigError, EngineError, ModelLoadError
from lsp_server.models.fit import Machine
from lsp_server.models.hardware import Device
from tests.unit.models.shapes import SHAPES, write_shape

GIB = 2**30
CPU = Device("CPU", "Some processor", "cpu", 12 * GIB, 16 * GIB)


def gpu(free_gib, name="CUDA0", description="NVIDIA GeForce RTX 4060"):
    return Device(name, description, "gpu", int(free_gib * GIB), int(free_gib * GIB))


def states(section):
    return [finding.state for finding in section.findings]


def text_of(section):
    return re.sub(r"\s+", " ", " ".join(section.lines()))


def test_lines_are_wrapped_under_their_label_and_commands_are_not():
    section = Section("x", "X", (Finding("a", "word " * 40, "wrong", "one long command " * 9),))
    title, *lines = section.lines()
    assert title == "X"
    assert lines[0].startswith("✗ a  word")
    assert all(len(line) <= 100 for line in lines[:-1])
    assert "command one long" in lines[-1]


def test_program():
    section = program_section("0.3.36", ["CUDA", "CPU"], ["AVX2"])
    assert "llama-cpp-python 0.3.36; CUDA, CPU" in text_of(section)
    assert not section.wrong


def test_no_gpu_is_worth_a_note():
    section = gpu_section([CPU], ["CPU"], [], "0.3.36")
    assert states(section) == ["ok", "note"]
    assert "12.00 GiB free of 16.00 GiB" in text_of(section)
    for option in ("-DGGML_CUDA=on", "-DGGML_METAL=on", "-DGGML_VULKAN=on", "-DGGML_HIP=on"):
        assert option in text_of(section)


@pytest.mark.parametrize("backend", [CUDA, ROCM, VULKAN])
def test_gpu_that_is_not_used_gets_the_exact_line(backend, monkeypatch):
    monkeypatch.setattr(backends.shutil, "which", lambda tool: None)
    hint = gpu_section([CPU], ["CPU"], [backend], "0.3.36").findings[-1].hint
    assert hint.startswith(f'CMAKE_ARGS="{backend.option}" ')
    assert "--force-reinstall --no-deps --no-cache-dir llama-cpp-python==0.3.36" in hint
    assert hint.endswith(f"# first install {backend.needs}")


def test_gpu_that_is_used():
    section = gpu_section([gpu(8), CPU], ["CUDA", "CPU"], [CUDA], "0.3.36")
    assert states(section) == ["ok", "ok"]
    assert section.data["devices"][0]["free"] == 8 * GIB


@pytest.mark.parametrize("name", ["CUDA", "Vulkan", "ROCm", "HIP", "MTL", "Metal"])
def test_back_end_without_a_device(name):
    seen = gpu_section([CPU], [name, "CPU"], [CUDA], "0.3.36")
    assert seen.wrong
    assert "finds no device" in text_of(seen)
    assert not gpu_section([CPU], [name, "CPU"], [], "0.3.36").wrong


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([], []),
        (["proc/driver/nvidia/version"], [CUDA]),
        (["dev/kfd", "dev/dri/renderD128"], [ROCM]),
        (["dev/dri/renderD128"], [VULKAN]),
        (["proc/driver/nvidia/version", "dev/dri/renderD128"], [CUDA]),
    ],
)
def test_hardware_is_seen(tmp_path, monkeypatch, there, found):
    monkeypatch.setattr(backends.shutil, "which", lambda tool: None)
    monkeypatch.setattr(backends.sys, "platform", "linux")
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert backends.seen_backends(tmp_path) == found


@pytest.fixture(scope="module")
def seven_b(tmp_path_factory):
    path = tmp_path_factory.mktemp("shapes") / "codellama-7b-instruct.Q4_0.gguf"
    return str(write_shape(path, *SHAPES["codellama-7b"]))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("shapes") / "small.gguf"
    return str(write_shape(path, *SHAPES["grouped-queries"]))


def sized(names, *devices, free=32, n_gpu_layers=-1):
    settings = EngineSettings(n_gpu_layers=n_gpu_layers)
    return sized_models(names, settings, Machine(devices, free * GIB))


def test_model_on_the_cpu(seven_b):
    found, problems = sized([("instruct", seven_b)])
    section = models_section(found, problems, 20e9)
    assert not section.wrong
    assert "weights 3.53 GiB + KV cache 4.00 GiB + compute 0.03 GiB = 7.56 GiB" in text_of(section)
    assert "of 32.00 GiB free" in text_of(section)
    assert section.data["models"][0]["expected_tokens_per_second"] == pytest.approx(4.7, abs=0.1)


def test_model_that_does_not_fit(seven_b):
    section = models_section(*sized([("instruct", seven_b)], free=4), 20e9)
    assert section.wrong
    assert "smaller model" in text_of(section)


def test_more_layers_wanted_than_fit(seven_b):
    found, problems = sized([("instruct", seven_b)], gpu(6))
    section = models_section(found, problems, 20e9)
    assert section.wrong
    assert "33 of 33 layers are wanted, but 24 fit: at most 14 tokens a second" in text_of(section)
    assert "Set engine.n_gpu_layers: auto" in text_of(section)
    model = section.data["models"][0]
    assert (model["n_gpu_layers"], model["n_gpu_layers_that_fit"]) == (33, 24)


def test_fewer_layers_wanted_than_fit(seven_b):
    section = models_section(*sized([("instruct", seven_b)], gpu(24), n_gpu_layers=10), 20e9)
    assert not section.wrong
    assert "10 of 33 layers; 33 would fit: at most 64 tokens a second" in text_of(section)


def test_as_many_layers_as_fit(seven_b):
    section = models_section(*sized([("instruct", seven_b)], gpu(6), n_gpu_layers="auto"), 20e9)
    assert not section.wrong
    told = "24 of 33 layers fit, which costs speed: 14 tokens a second instead of 64"
    assert told in text_of(section)


def test_all_layers_fit(seven_b):
    section = models_section(*sized([("instruct", seven_b)], gpu(24), n_gpu_layers="auto"), 20e9)
    assert "33 of 33 layers expected" in text_of(section)


def test_layers_that_cost_an_unknown_speed(seven_b):
    new = gpu(6, description="New card")
    section = models_section(*sized([("instruct", seven_b)], new, n_gpu_layers="auto"), 20e9)
    assert "24 of 33 layers fit; the others cost speed" in text_of(section)


def test_gpu_whose_memory_is_not_known(seven_b):
    found, problems = sized([("instruct", seven_b)], gpu(24, description="New card"))
    assert expected(found[0], found[0].plan, 20e9) is None
    assert "isn't known" in text_of(models_section(found, problems, 20e9))


def test_second_model_is_planned_in_what_the_first_leaves(seven_b, small):
    names = [("infill", seven_b), ("instruct", small)]
    alone, _ = sized([("instruct", small)], gpu(8.5))
    both, _ = sized(names, gpu(8.5))
    assert alone[0].best.all_on_gpu
    assert not both[1].best.all_on_gpu
    assert not both[1].fits


def test_integrated_gpu_has_no_memory_of_its_own(seven_b):
    shared = Device("Vulkan0", "Graphics", "integrated", 10 * GIB, 16 * GIB)
    assert sized([("instruct", seven_b)], shared, free=10)[0][0].fits
    assert not sized([("instruct", seven_b)], shared, free=7)[0][0].fits


def test_one_model_for_both_roles_is_loaded_once(seven_b):
    found, _ = sized([("infill", seven_b), ("instruct", seven_b)])
    assert [model.roles for model in found] == [("infill", "instruct")]


def test_model_that_can_not_infill(seven_b):
    section = models_section(*sized([("infill", seven_b)]), 20e9)
    assert section.wrong
    assert "no infill tokens" in text_of(section)


def test_models_that_are_not_here(monkeypatch, tmp_path):
    monkeypatch.setenv("CODELLAMA_LSP_MODELS", str(tmp_path))
    found, problems = sized([("infill", "codellama-7b"), ("instruct", "nonsense")])
    section = models_section(found, problems, 20e9)
    assert states(section) == ["wrong", "wrong"]
    assert "models pull codellama-7b" in text_of(section)


class Telling(ScriptedEngine):
    """Says what it took for its answer."""

    async def infill(self, request):
        self.infill_requests.append(request)
        yield Chunk("1, 2, ", None, None)
        yield Chunk("3", Finish.STOP, self.usage)


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        (Usage(120, 20, 40, 250.0, 1000.0), Measured(400.0, 40.0)),
        (Usage(120, 116, 3, 250.0, 1000.0), Measured(None, None)),
        (Usage(), Measured(None, None)),
    ],
)
async def test_speed_is_what_the_engine_tells(usage, found):
    engine = Telling()
    engine.usage = usage
    assert await measured(engine, 100.0) == found
    assert engine.infill_requests[0].max_tokens == 140  # two seconds, and some of them for reading


async def test_engine_that_can_not_load_says_so():
    with pytest.raises(ModelLoadError):
        await measured(ScriptedEngine(load_error=ModelLoadError("It broke.")), None)


@pytest.mark.parametrize(
    ("found", "state", "says"),
    [
        (Measured(400.0, 40.0), "ok", "40 tokens a second, 80% of what the memory allows"),
        (Measured(400.0, 5.0), "note", "Other programs"),
        (Measured(None, None), "note", "too short"),
        (ModelLoadError("It broke.", "Mend it."), "wrong", "It broke. Mend it."),
        (TimeoutError(), "wrong", "nothing came"),
    ],
)
def test_speed(found, state, says):
    section = speed_section(20e9, 50.0, found, None, [])
    assert says in text_of(section)
    assert section.findings[1].state == state


def test_allocated_beside_planned(seven_b):
    plan = sized([("instruct", seven_b)])[0][0].plan
    reported = [("CPU", "model", 4 * GIB), ("CPU_REPACK", "model", GIB), ("CPU", "KV", 4 * GIB)]
    section = speed_section(20e9, 50.0, None, plan, reported)
    assert "llama.cpp reports 8,192 MiB, planned were 7,740 (-5.5%)" in text_of(section)
    assert "1,024 MiB of weights copied" in text_of(section)


def test_sockets(tmp_path):
    tmp_path.chmod(0o700)
    section = sockets_section(lambda: tmp_path)
    assert states(section) == ["ok", "ok"]
    assert "mode 0700, yours alone" in text_of(section)
    assert list(tmp_path.iterdir()) == []


def test_engine_sockets_are_counted(tmp_path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "engine-0.sock"))
    assert "1 in the folder" in text_of(sockets_section(lambda: tmp_path))


def test_windows_has_ports_instead(tmp_path, monkeypatch):
    (tmp_path / "engine-0.port").touch()
    monkeypatch.setattr(surroundings.sys, "platform", "win32")
    section = sockets_section(lambda: tmp_path)
    assert states(section) == ["ok", "ok"]
    assert "loopback" in text_of(section)
    assert "1 in the folder" in text_of(section)


def test_folder_for_sockets_that_is_too_deep(tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    section = sockets_section(lambda: deep)
    assert states(section) == ["ok", "ok"]
    assert "loopback instead" in text_of(section)


def test_folder_that_can_have_no_sockets(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError("Operation not supported")

    monkeypatch.setattr(surroundings, "unix_socket", refuse)
    section = sockets_section(lambda: tmp_path)
    assert section.wrong
    assert "engine.transport" in text_of(section)
    assert states(sockets_section(lambda: tmp_path, needed=False)) == ["ok", "note"]


def test_folder_of_someone_else():
    def folder():
        raise EngineError("It belongs to someone else.", "Remove it.")

    assert sockets_section(folder).wrong


def editor(folder, name, says):
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_editors(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    editor(tmp_path, "nvim", "NVIM v0.9.5")
    editor(tmp_path, "code", "1.139.1")
    editor(tmp_path, "hx", "nothing")
    monkeypatch.setattr(
        surroundings, "_EDITORS", [e for e in surroundings._EDITORS if e[0] != "emacs"]
    )
    section = editors_section()
    assert section.data["editors"] == {"VS Code": "1.139.1", "Neovim": "0.9.5", "Helix": ""}
    assert "0.9.5; 0.11 or later is needed" in text_of(section)
    assert not section.wrong


def test_a_program_in_the_current_folder_is_no_editor(tmp_path, monkeypatch):
    """Windows looks there first, and a workspace may bring one along."""
    monkeypatch.setattr(surroundings.sys, "platform", "win32")
    monkeypatch.setattr(surroundings.shutil, "which", lambda name: str(tmp_path / name))
    monkeypatch.setattr(surroundings, "_version", lambda name: "99.0")
    assert len(editors_section().data["editors"]) > 0
    monkeypatch.chdir(tmp_path)
    assert editors_section().data["editors"] == {}


def test_editor_that_hangs(tmp_path, monkeypatch):
    def hang(*_, **__):
        raise subprocess.TimeoutExpired("code", 5)

    monkeypatch.setattr(surroundings.shutil, "which", lambda name: "/x" if name == "code" else None)
    monkeypatch.setattr(
        surroundings,
        "subprocess",
        SimpleNamespace(run=hang, DEVNULL=-3, TimeoutExpired=subprocess.TimeoutExpired),
    )
    assert "can't be told" in text_of(editors_section())


def test_network_shows_no_secret():
    environment = {
        "HF_TOKEN": "hf_geheim",
        "https_proxy": "http://me:geheim@proxy.example:3128",
    }
    section = network_section(environment, "https://me:geheim@hub.example/x?token=geheim")
    assert "hub.example" in text_of(section)
    assert "HF_TOKEN is set" in text_of(section)
    assert "HTTPS_PROXY set" in text_of(section)
    assert "geheim" not in json.dumps(section.as_json())


def test_settings_say_where_each_comes_from(tmp_path):
    config = Config(models=Models(infill="codellama-7b"), engine=EngineSettings(n_ctx=2048))
    origins = {("models", "infill"): "mine.yaml", ("engine", "n_ctx"): "mine.yaml"}
    section = settings_section(tmp_path / "mine.yaml", config, origins, None)
    assert "models.infill codellama-7b (mine.yaml)" in text_of(section)
    assert section.data["settings"]["engine.n_ctx"] == {"value": "2048", "from": "mine.yaml"}
    assert section.data["settings"]["engine.n_batch"]["from"] == "default"


def test_wrong_settings_are_wrong(tmp_path):
    error = ConfigError("mine.yaml, line 3: x: there is no such setting.", "Did you mean y?")
    section = settings_section(tmp_path / "mine.yaml", Config(), {}, error)
    assert section.wrong
    assert "line 3" in text_of(section)


def test_settings_show_no_secret(tmp_path, monkeypatch):
    @attrs.frozen
    class Elsewhere:
        api_key: str = "geheim"
        url: str = "https://me:geheim@engine.example/v1"
        note: str = "x" * 200 + "geheim"
        max_tokens: int = 7

    @attrs.frozen
    class Settings:
        engine: Elsewhere = attrs.field(factory=Elsewhere)

    section = settings_section(tmp_path / "c", Settings(), {("engine", "url"): "c"}, None)
    assert "geheim" not in json.dumps(section.as_json()) + text_of(section)
    assert "https://engine.example/v1" in text_of(section)
    assert section.data["settings"]["engine.max_tokens"]["value"] == "7"


def test_logs_and_crashes(tmp_path):
    assert "crashes none reported" in text_of(logs_section(tmp_path, "info", []))
    report = tmp_path / "engine-1.txt"
    report.touch()
    section = logs_section(tmp_path, "info", [report, report])
    assert "2 reported, the last one" in text_of(section)
    assert str(report) in section.data["crash_reports"]
    assert not section.wrong
