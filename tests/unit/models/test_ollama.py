"""Models that Ollama has: a folder of manifests and blobs as Ollama lays it out."""

import json
import shutil

import pytest

from lsp_server.errors import DownloadError, ModelMissing, UnknownModel
from lsp_server.models.ollama import file_name_of, models_folders, ollama_models
from lsp_server.models.store import locate, verify_named

from .conftest import CONTENT, SHA256, SIZE

MODEL = "application/vnd.ollama.image.model"
LICENCE = "application/vnd.ollama.image.license"


def add(folder, name, layers=((MODEL, SHA256),)):
    """One manifest, such as `registry.ollama.ai/library/codellama/7b-code`."""
    manifest = folder / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    listed = [
        {"mediaType": kind, "digest": f"sha256:{digest}", "size": 1} for kind, digest in layers
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": listed}))


@pytest.fixture
def ollama(tmp_path):
    folder = tmp_path / "ollama"
    (folder / "blobs").mkdir(parents=True)
    (folder / "blobs" / f"sha256-{SHA256}").write_bytes(CONTENT)
    add(
        folder,
        "registry.ollama.ai/library/codellama/7b-code",
        ((LICENCE, "0" * 64), (MODEL, SHA256)),
    )
    add(folder, "registry.ollama.ai/library/qwen2.5-coder/latest")
    add(folder, "registry.ollama.ai/somebody/tuned/v1")
    add(folder, "hf.co/owner/repo-GGUF/Q4_K_M")
    return folder


def test_every_model_that_is_here(ollama):
    found = ollama_models()
    assert [model.name for model in found] == [
        "codellama:7b-code",
        "hf.co/owner/repo-GGUF:Q4_K_M",
        "qwen2.5-coder:latest",
        "somebody/tuned:v1",
    ]
    assert {(model.size, model.sha256) for model in found} == {(SIZE, SHA256)}


@pytest.mark.parametrize(
    "name",
    [
        "codellama:7b-code",
        "library/codellama:7b-code",
        "registry.ollama.ai/library/codellama:7b-code",
        "qwen2.5-coder",
        "somebody/tuned:v1",
        "hf.co/owner/repo-GGUF:Q4_K_M",
    ],
)
def test_the_blob_is_used_where_it_lies(ollama, name):
    assert locate(f"ollama:{name}") == ollama / "blobs" / f"sha256-{SHA256}"


def test_unknown_names_what_there_is(ollama):
    with pytest.raises(UnknownModel) as caught:
        locate("ollama:codellama")
    assert "codellama:7b-code" in caught.value.hint


@pytest.mark.parametrize("name", ["", "../../secret", "a:b:c", "a//b", "/etc/passwd", "a/../b"])
def test_no_way_out_of_the_folder(ollama, name):
    with pytest.raises(UnknownModel):
        locate(f"ollama:{name}")


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{}",
        '{"layers": null}',
        json.dumps({"layers": [{"mediaType": MODEL, "digest": "sha256:../../x"}]}),
        json.dumps({"layers": [{"mediaType": LICENCE, "digest": f"sha256:{SHA256}"}]}),
        json.dumps({"layers": [{"mediaType": MODEL, "digest": f"sha256:{'0' * 64}"}]}),
    ],
)
def test_manifests_without_weights_here(ollama, manifest):
    path = ollama / "manifests/registry.ollama.ai/library/odd/latest"
    path.parent.mkdir()
    path.write_text(manifest)
    assert "odd:latest" not in [model.name for model in ollama_models()]
    with pytest.raises(ModelMissing, match="not its weights"):
        locate("ollama:odd")


def test_no_ollama(tmp_path, monkeypatch):
    assert ollama_models() == []
    with pytest.raises(UnknownModel, match="no model 'x'"):
        locate("ollama:x")
    monkeypatch.delenv("OLLAMA_MODELS")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models_folders()[0] == tmp_path / ".ollama/models"


def test_verify(ollama):
    assert verify_named("ollama:codellama:7b-code") == SHA256
    (ollama / "blobs" / f"sha256-{SHA256}").write_bytes(CONTENT[1:])
    with pytest.raises(DownloadError, match="damaged"):
        verify_named("ollama:codellama:7b-code")
    shutil.rmtree(ollama)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("ollama:codellama:7b-code", "codellama-7b-code.gguf"),
        ("ollama:codellama:7b", "codellama-7b-instruct.gguf"),
        ("ollama:codellama:latest", "codellama-latest-instruct.gguf"),
        ("ollama:codellama:13b-python", "codellama-13b-python.gguf"),
        ("ollama:codellama:7b-instruct-q4_K_M", "codellama-7b-instruct-q4_K_M.gguf"),
        ("ollama:somebody/tuned:v1", "tuned-v1.gguf"),
    ],
)
def test_what_a_name_says(name, file):
    assert file_name_of(name) == file
