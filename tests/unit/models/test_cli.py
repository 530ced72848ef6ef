"""`codellama-lsp models ...`"""

import json

import pytest
import yaml
from click.testing import CliRunner

from lsp_server.cli.models import models
from lsp_server.errors import (
    DownloadError,
    ModelLoadError,
    ModelMissing,
    NotCapable,
    UnknownModel,
)

from .conftest import FILE
from .test_gguf import LLAMA_2_VOCABULARY, write
from .test_ollama import ollama  # noqa: F401, a fixture


def run(*arguments, **settings):
    """The result; errors propagate as they do to the main command."""
    return CliRunner().invoke(models, arguments, catch_exceptions=False, **settings)


def test_list_as_a_table():
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "QUANTISATION", "MEMORY", "DOES", "FITS", "HERE"]
    row = next(line for line in lines if line.startswith("codellama-13b-instruct-q5_k_m"))
    for words in ("9.23 GB", "Q5_K_M: large, very low quality loss ", "infill, instruct"):
        assert words in row
    assert row.endswith("no")


def test_list_as_json(models_dir):
    models_dir.mkdir()
    here = models_dir / "codellama-7b.Q4_K_M.gguf"
    here.write_bytes(b"x")
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["codellama-7b"]["path"] == str(here)
    assert rows["codellama-7b-instruct"]["here"] is False
    assert rows["qwen2.5-coder-0.5b"]["bytes"] == 491400064


def test_list_says_what_memory_each_needs(tmp_path):
    (tmp_path / "config.yaml").write_text("engine: {n_ctx: 4096, n_ubatch: 128}\n")
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    # Weights as the card says, two full contexts of f16 at 512 KiB a token, compute buffers.
    assert rows["codellama-7b"]["memory"] == pytest.approx(4.08e9 + 2 * 4096 * 2**19, rel=0.01)
    (tmp_path / "config.yaml").write_text("engine: {n_ctx: 1024}\n")
    less = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert less["codellama-7b"]["memory"] < rows["codellama-7b"]["memory"] - 3e9


def test_list_says_what_does_not_fit(monkeypatch):
    from lsp_server.cli import this_machine
    from lsp_server.models.fit import Machine
    from lsp_server.models.hardware import Device

    def fits(*devices, free):
        machine = Machine(devices, free)
        monkeypatch.setattr(this_machine, "this_machine", lambda: machine)
        rows = json.loads(run("list", "--json").stdout)
        return {row["name"]: row["fits"] for row in rows}

    small = fits(free=2 << 30)
    assert (small["qwen2.5-coder-0.5b"], small["codellama-7b"]) == ("yes", "no")
    gpu = Device("CUDA0", "", "gpu", 12 << 30, 12 << 30)
    with_gpu = fits(gpu, free=64 << 30)
    assert with_gpu["codellama-7b"] == "yes, on the GPU"
    assert with_gpu["codellama-13b"].endswith("of 41 layers on the GPU")


def test_list_shows_what_came_from_elsewhere(models_dir, ollama, tmp_path):  # noqa: F811
    blob = next((ollama / "blobs").iterdir())
    write(blob, tokens=("▁<PRE>",), layers=32)
    file = models_dir / "hub/owner/repo/starcoder2-3b.Q8_0.gguf"
    file.parent.mkdir(parents=True)
    write(file, tokens=("<fim_prefix>",))
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["ollama:codellama:7b-code"]["path"] == str(blob)
    assert rows["ollama:codellama:7b-code"]["roles"] == ["infill"]
    assert rows["hf:owner/repo/starcoder2-3b.Q8_0.gguf"]["here"]
    assert rows["hf:owner/repo/starcoder2-3b.Q8_0.gguf"]["memory"] > 0


SEARCH = "/api/models?search=code+llama&filter=gguf&sort=downloads&limit=10&full=true"
FOUND = [
    {
        "id": "TheBloke/CodeLlama-7B-GGUF",
        "downloads": 12345,
        "tags": ["gguf", "license:llama2"],
        "siblings": [
            {"rfilename": "README.md"},
            {"rfilename": "codellama-7b.Q4_K_M.gguf"},
            {"rfilename": "codellama-7b.Q5_K_M.gguf"},
        ],
    },
    {"id": "evil/\x1b[2Jname", "gated": "manual"},
]


def test_search(hub):
    hub.api[SEARCH] = FOUND
    lines = run("search", "code", "llama").stdout.splitlines()
    assert lines[1].split() == [
        *("TheBloke/CodeLlama-7B-GGUF", "12,345", "llama2"),
        *("Q4_K_M,", "Q5_K_M"),
    ]
    assert lines[2].split()[:2] == ["evil/?[2Jname", "0"]
    assert "asks for consent" in lines[2]
    assert json.loads(run("search", "code", "llama", "--json").stdout)[0]["licence"] == "llama2"


def test_search_sends_the_token(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.api[SEARCH] = []
    run("search", "code", "llama")
    assert hub.requests[0][1]["authorization"] == "Bearer hf_secret"


def test_search_that_finds_nothing(hub):
    hub.api[SEARCH] = []
    assert "no GGUF files for 'code llama'" in run("search", "code", "llama").stdout


def test_files_of_a_repository(hub):
    hub.api["/api/models/owner/repo?blobs=true"] = {
        "id": "owner/repo",
        "tags": ["license:apache-2.0"],
        "siblings": [{"rfilename": "sub/codellama-7b.Q5_K_M.gguf", "size": 4783000000}],
    }
    out = run("search", "owner/repo").stdout
    assert "licence apache-2.0" in out
    row = next(line for line in out.splitlines() if line.startswith("hf:"))
    assert row == (
        "hf:owner/repo/sub/codellama-7b.Q5_K_M.gguf  4.78 GB  Q5_K_M: large, very low quality loss"
    )


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"<!DOCTYPE html>", "can't be understood"),
        ({"error": "x"}, "can't be understood"),
        (["x"], "can't be understood"),
        ([{"id": "a/b", "siblings": 7}], "can't be understood"),
    ],
)
def test_search_of_what_is_no_hub(hub, answer, says):
    hub.api[SEARCH] = answer
    with pytest.raises(DownloadError, match=says):
        run("search", "code", "llama")


@pytest.mark.parametrize(("status", "says"), [("401", "HF_TOKEN"), ("429", "429"), ("500", "500")])
def test_search_that_is_refused(hub, status, says):
    hub.script = [status]
    with pytest.raises(DownloadError, match=says):
        run("search", "x")


def test_search_without_a_hub():
    with pytest.raises(DownloadError, match="can't be reached"):
        run("search", "x")


def test_search_of_a_silent_hub(hub, monkeypatch):
    monkeypatch.setattr("lsp_server.models.hub.SILENCE_S", 0.1)
    hub.script = ["silent"]
    with pytest.raises(DownloadError, match="can't be reached"):
        run("search", "x")


def settings_in(tmp_path):
    return yaml.safe_load((tmp_path / "config.yaml").read_text())


def test_use_writes_what_the_model_can_do(tmp_path):
    model = write(tmp_path / "codellama-7b-instruct.Q5_K_M.gguf", tokens=("▁<PRE>",), layers=32)
    (tmp_path / "config.yaml").write_text("# mine\nlog_level: info  # for now\n")
    out = run("use", str(model)).stdout
    assert f"models.infill: {model}" in out
    assert settings_in(tmp_path)["models"] == {"infill": str(model), "instruct": str(model)}
    assert (tmp_path / "config.yaml").read_text().startswith("# mine\nlog_level: info  # for now\n")


def test_use_for_one_of_the_two(tmp_path):
    base = write(tmp_path / "starcoder2-3b.gguf", tokens=("<fim_prefix>",))
    run("use", str(base))
    assert settings_in(tmp_path)["models"] == {"infill": str(base)}
    chat = write(tmp_path / "llama-3-8b.gguf", template="{{x}}")
    run("use", str(chat), "--for", "instruct")
    assert settings_in(tmp_path)["models"] == {"infill": str(base), "instruct": str(chat)}
    for model, role in ((chat, "infill"), (base, "instruct"), (chat, "both")):
        with pytest.raises(NotCapable):
            run("use", str(model), "--for", role)


def test_use_of_what_is_not_here(hub, tiny_catalogue, tmp_path):
    with pytest.raises(ModelMissing):
        run("use", "tiny")
    assert not (tmp_path / "config.yaml").exists()


def test_use_of_ollamas(ollama, tmp_path):  # noqa: F811
    write(next((ollama / "blobs").iterdir()), tokens=("▁<PRE>",), layers=32)
    run("use", "ollama:codellama:7b-code")
    assert settings_in(tmp_path)["models"] == {"infill": "ollama:codellama:7b-code"}


def test_remove(hub, models_dir, tiny_catalogue, tmp_path, ollama):  # noqa: F811
    (tmp_path / "config.yaml").write_text("models: {infill: tiny, instruct: second}\n")
    run("pull", "tiny")
    result = run("remove", "tiny")
    assert "is gone" in result.stdout
    assert "models.infill" in result.stderr
    assert "models.instruct" not in result.stderr
    assert not (models_dir / FILE).exists()
    own = write(tmp_path / "own.gguf")
    for name, says in ((str(own), "not fetched"), ("ollama:codellama:7b-code", "is Ollama's")):
        with pytest.raises(UnknownModel, match=says):
            run("remove", name)
    assert own.exists()


def test_info():
    out = run("info", str(LLAMA_2_VOCABULARY)).stdout
    for words in ("KV cache:      512 KiB a token", "Layers:        32", "4096 tokens"):
        assert words in out
    assert "no (its vocabulary has no infill tokens)" in out


def test_info_as_json(tmp_path):
    path = write(tmp_path / "codellama-7b-instruct.Q5_K_M.gguf", tokens=("▁<PRE>",), layers=32)
    facts = json.loads(run("info", "--json", str(path)).stdout)
    assert (facts["family"], facts["parameters"], facts["variant"]) == (
        *("Code Llama", "7B"),
        "instruct",
    )
    assert (facts["bits"], facts["quality"]) == (5, "large, very low quality loss - recommended")
    assert facts["can"] == {"infill": True, "instruct": True, "why_no_infill": ""}


def test_info_of_what_is_not_here_yet():
    out = run("info", "codellama-13b-instruct").stdout
    for words in (
        "codellama-13b-instruct, not on this machine yet",
        "7.87 GB",
        "Q4_K_M: medium, balanced quality",
        "Memory:        14.6",
        "Llama 2 Community License: https://ai.meta.com/llama/license/",
        "TheBloke/CodeLlama-13B-Instruct-GGUF/codellama-13b-instruct.Q4_K_M.gguf",
        "codellama-lsp models pull codellama-13b-instruct",
    ):
        assert words in out
    facts = json.loads(run("info", "--json", "codellama-13b-instruct").stdout)
    assert (facts["here"], facts["roles"]) == (False, ["infill", "instruct"])


def test_info_of_what_is_no_model(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_text("<!DOCTYPE html>")
    with pytest.raises(ModelLoadError):
        run("info", str(path))
