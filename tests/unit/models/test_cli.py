"""`codellama-lsp models ...`"""

import json

import pytest
from click.testing import CliRunner

from lsp_server.cli.models import models
from lsp_server.errors import DownloadError, ModelLoadError, ModelMissing, UnknownModel
from lsp_server.models import catalogue as catalogue_module
from lsp_server.models.catalogue import Catalogue

from .conftest import CONTENT, FILE, HUB, SHA256, entry_of
from .test_gguf import LLAMA_2_VOCABULARY, write


@pytest.fixture
def tiny_catalogue(monkeypatch):
    tiny = Catalogue({"Apache-2.0": "https://licence.example"}, (entry_of(HUB),))
    monkeypatch.setattr(catalogue_module, "catalogue", lambda: tiny)
    monkeypatch.setattr("lsp_server.models.store.catalogue", lambda: tiny)


def run(*arguments):
    """The result; errors propagate as they do to the main command."""
    return CliRunner().invoke(models, arguments, catch_exceptions=False)


def test_list_as_a_table():
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "QUANTISATION", "LICENCE", "ROLES", "HERE"]
    row = next(line for line in lines if line.startswith("codellama-13b-instruct-q5_k_m"))
    assert "9.23 GB" in row
    assert "Llama 2 Community License" in row
    assert row.endswith("no")


def test_list_as_json(models_dir):
    models_dir.mkdir()
    here = models_dir / "codellama-7b.Q4_K_M.gguf"
    here.write_bytes(b"x")
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["codellama-7b"]["path"] == str(here)
    assert rows["codellama-7b-instruct"]["here"] is False
    assert rows["qwen2.5-coder-0.5b"]["bytes"] == 491400064


def test_pull_shows_the_licence_once_and_verifies(hub, models_dir, tiny_catalogue):
    first = run("pull", "tiny")
    assert first.exit_code == 0
    assert "https://licence.example" in first.stderr
    assert (models_dir / FILE).read_bytes() == CONTENT
    second = run("pull", "tiny")
    assert "licence" not in second.stderr
    assert "is here" in second.stdout
    assert SHA256 in run("verify").stdout
    assert SHA256 in run("verify", "tiny").stdout


def test_stopped_pull_says_that_it_can_go_on(hub, tiny_catalogue, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("lsp_server.cli.models.BarProgress.at", stop)
    result = run("pull", "tiny")
    assert result.exit_code != 0
    assert "goes on from here" in result.stderr


def test_errors_reach_the_main_command(hub, models_dir, tiny_catalogue):
    hub.script = ["404"]
    with pytest.raises(DownloadError):
        run("pull", "tiny")
    with pytest.raises(UnknownModel):
        run("pull", "tiny", "tinny")
    with pytest.raises(ModelMissing):
        run("verify", "tiny")
    with pytest.raises(ModelMissing):
        run("info", "tiny")


def test_nothing_is_pulled_if_one_name_is_wrong(hub, tiny_catalogue):
    with pytest.raises(UnknownModel):
        run("pull", "tiny", "tinny")
    assert hub.requests == []


def test_verify_says_all_that_is_damaged(hub, models_dir, tiny_catalogue):
    assert "No models are here yet" in run("verify").stdout
    run("pull", "tiny")
    (models_dir / FILE).write_bytes(CONTENT[::-1])
    with pytest.raises(DownloadError, match="damaged"):
        run("verify")


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


def test_info_of_what_is_no_model(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_text("<!DOCTYPE html>")
    with pytest.raises(ModelLoadError):
        run("info", str(path))
