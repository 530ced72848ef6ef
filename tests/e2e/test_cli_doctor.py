"""`codellama-lsp doctor` and `models` as a person runs them."""

import json
import os
import subprocess
import sys

import pytest


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "lsp_server", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
    )


@pytest.fixture
def settings(tmp_path, monkeypatch):
    path = tmp_path / "config.yaml"
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(path))
    return path


def test_missing_models_are_told_and_fail(settings, tmp_path):
    result = run("doctor", "--quick", CODELLAMA_LSP_MODELS=str(tmp_path))
    assert result.returncode == 1
    assert "✗ infill and instruct" in result.stdout
    assert "models pull qwen2.5-coder-0.5b" in result.stdout
    assert "1 would not work" in result.stdout


def test_llama_cpp_that_can_not_be_loaded(settings, tmp_path):
    broken = tmp_path / "site" / "llama_cpp"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise RuntimeError('libcudart.so.12: cannot open')\n")
    result = run("doctor", PYTHONPATH=str(broken.parent))
    assert (result.returncode, result.stderr) == (1, "")
    assert "✗ llama.cpp" in result.stdout
    assert "libcudart.so.12: cannot open" in result.stdout
    assert "--force-reinstall" in result.stdout
    assert "Sockets" in result.stdout
    listed = run("models", "list", PYTHONPATH=str(broken.parent))
    assert listed.returncode == 0
    assert "codellama-7b" in listed.stdout


def test_wrong_settings_are_told_and_fail(settings):
    settings.write_text("engine:\n  n_ctxx: 3\n")
    result = run("doctor", "--quick")
    assert result.returncode == 1
    assert "line 2: engine.n_ctxx: there is no such setting." in " ".join(result.stdout.split())


def test_nothing_secret_is_shown(settings, tmp_path):
    settings.write_text("engine:\n  n_ctx: 2048\n")
    secrets = {
        "HF_TOKEN": "hf_geheim",
        "HF_ENDPOINT": "https://me:geheim@hub.example",
        "HTTPS_PROXY": "http://me:geheim@proxy.example",
        "CODELLAMA_LSP_MODELS": str(tmp_path),
    }
    for form in ([], ["--json"]):
        result = run("doctor", "--quick", *form, **secrets)
        assert "geheim" not in result.stdout + result.stderr
        assert "hub.example" in result.stdout
        assert "engine.n_ctx" in result.stdout


@pytest.mark.real_model
def test_all_is_well_with_the_embedded_model(settings, tmp_path):
    settings.write_text("models: {infill: qwen2.5-coder-0.5b}\nengine: {kind: in-process}\n")
    result = run("doctor", "--json", XDG_RUNTIME_DIR=str(tmp_path))
    found = json.loads(result.stdout)
    assert (result.returncode, found["ok"]) == (0, True), result.stdout
    (model,) = found["models"]["models"]
    assert model["roles"] == ["infill", "instruct"]
    assert found["settings"]["settings"]["models.infill"]["from"] == str(settings)
    assert found["speed"]["measured"]["decode"] > 0
    planned = sum(model["main_memory"].values()) + sum(
        sum(need.values()) for need in model["devices"]
    )
    buffers = found["speed"]["allocated"]
    allocated = sum(size for place, _, size in buffers if not place.endswith("_REPACK"))
    assert planned == pytest.approx(allocated, rel=0.05)


@pytest.mark.real_model
def test_use_and_list(settings):
    settings.write_text("# mine\nlog_level: info\n")
    assert run("models", "use", "qwen2.5-coder-0.5b").returncode == 0
    assert settings.read_text() == (
        "# mine\nlog_level: info\n"
        "models:\n  infill: qwen2.5-coder-0.5b\n  instruct: qwen2.5-coder-0.5b\n"
    )
    row = next(
        line
        for line in run("models", "list").stdout.splitlines()
        if line.startswith("qwen2.5-coder-0.5b ")
    )
    assert "Q4_K_M: medium, balanced quality" in row
    assert row.endswith("yes")
