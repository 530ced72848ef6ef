"""Locating, verifying, locking, and disks that are full."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.errors import DownloadError, ModelMissing, UnknownModel
from lsp_server.models import partial as partial_module
from lsp_server.models.catalogue import catalogue
from lsp_server.models.lock import pull_lock
from lsp_server.models.partial import PartialFile
from lsp_server.models.store import (
    check_space,
    is_here,
    locate,
    models_folder,
    path_of,
    pull,
    pulled_from_hub,
    remove,
    verify,
)

from .conftest import CONTENT, FILE, HUB, SHA256, SIZE, entry_of


def test_folder_is_the_users_cache_or_the_one_named(models_dir, monkeypatch):
    assert models_folder() == models_dir
    monkeypatch.setenv("CODELLAMA_LSP_MODELS", "~/elsewhere")
    assert models_folder() == Path.home() / "elsewhere"
    monkeypatch.delenv("CODELLAMA_LSP_MODELS")
    assert models_folder().parts[-2:] == ("codellama-lsp", "models")


def test_locate_catalogue_name(models_dir):
    path = models_dir / "codellama-7b.Q4_K_M.gguf"
    with pytest.raises(ModelMissing) as caught:
        locate("codellama-7b")
    assert "models pull codellama-7b" in caught.value.hint
    models_dir.mkdir()
    path.write_bytes(b"x")
    for name in ("codellama-7b", "CodeLlama-7B", "codellama-7b-q4_k_m", path.name):
        assert locate(name) == path


def test_locate_file_of_the_wrong_size_is_not_used(models_dir):
    models_dir.mkdir()
    (models_dir / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf").write_bytes(b"half")
    with pytest.raises(ModelMissing, match="damaged"):
        locate("qwen2.5-coder-0.5b")


def test_locate_path(tmp_path, monkeypatch):
    model = tmp_path / "own.gguf"
    model.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (str(model), "own.gguf", "./own.gguf", "~/own.gguf"):
        assert locate(name) == model


@pytest.mark.parametrize("name", ["missing.gguf", "/no/such/file", "./codellama-7b"])
def test_locate_path_that_is_not_there(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownModel, match="does not exist"):
        locate(name)


@pytest.mark.parametrize(
    "name",
    [
        "hf:owner/repo",
        "hf:owner/repo/file.bin",
        "hf:owner/../file.gguf",
        "hf:owner/repo/../../../file.gguf",
        "hf:owner/repo/.file.gguf",
        "hf:owner/repo/a b.gguf",
        "hf:/owner/repo/file.gguf",
        "hf:owner/repo/file-00001-of-00003.gguf",
    ],
)
def test_locate_what_is_no_file_of_a_hub(name):
    with pytest.raises(UnknownModel):
        locate(name)


def test_files_of_a_hub_lie_apart(models_dir):
    name = "hf:owner/repo/q4/file.Q4_0.gguf"
    with pytest.raises(ModelMissing) as caught:
        locate(name)
    assert f"models pull {name}" in caught.value.hint
    path = models_dir / "hub/owner/repo/q4/file.Q4_0.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    (path.parent / "odd name.gguf").write_bytes(b"x")
    assert locate(name) == path
    assert [entry.name for entry in pulled_from_hub()] == [name]


def test_remove_takes_everything_of_a_model(hub, models_dir):
    entry = entry_of(HUB, size=None, sha256=None)
    pull(entry)
    assert remove(entry) > SIZE
    hub.script = ["cut 1000", "404"]
    with pytest.raises(DownloadError):
        pull(entry)
    remove(entry)
    assert [path.name for path in models_dir.iterdir() if path.suffix != ".lock"] == []
    with pytest.raises(ModelMissing):
        remove(entry)


def test_remove_waits_for_no_pull(hub, models_dir):
    entry = entry_of(HUB)
    path = pull(entry)
    with pull_lock(path), pytest.raises(DownloadError, match="being fetched"):
        remove(entry)
    assert path.exists()


def test_room_for_all_of_them_is_checked_first(models_dir, monkeypatch):
    usage = shutil.disk_usage(".")._replace(free=SIZE * 3 // 2)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    check_space([entry_of(HUB)])
    with pytest.raises(DownloadError, match="together"):
        check_space([entry_of(HUB)] * 2)
    models_dir.mkdir()
    (models_dir / f"{FILE}.partial").write_bytes(CONTENT[: SIZE // 2])
    check_space([entry_of(HUB)] * 2)


def test_locate_folder(tmp_path):
    with pytest.raises(UnknownModel, match="is a folder"):
        locate(str(tmp_path))


def test_locate_unknown_name_says_what_comes_close():
    with pytest.raises(UnknownModel) as caught:
        locate("codelama-13b-instuct")
    assert "codellama-13b-instruct" in caught.value.hint


def test_verify(hub):
    entry = entry_of(HUB)
    with pytest.raises(ModelMissing):
        verify(entry)
    path = pull(entry)
    assert verify(entry) == SHA256
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(DownloadError, match="damaged"):
        verify(entry)


def test_verify_without_a_digest(models_dir):
    entry = entry_of(HUB, size=None, sha256=None)
    models_dir.mkdir()
    path_of(entry).write_bytes(b"copied here by hand")
    with pytest.raises(DownloadError, match="No digest is known"):
        verify(entry)


def test_damaged_file_is_replaced(hub, models_dir):
    models_dir.mkdir()
    (models_dir / FILE).write_bytes(b"half")
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_complete_partial_needs_no_source(models_dir):
    models_dir.mkdir()
    (models_dir / f"{FILE}.partial").write_bytes(CONTENT)
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_damaged_note_starts_over(hub, models_dir):
    models_dir.mkdir()
    (models_dir / f"{FILE}.partial").write_bytes(b"who knows what")
    (models_dir / f"{FILE}.partial.json").write_text('{"parts": ')
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_disk_too_small_is_said_before_anything_is_fetched(hub, monkeypatch):
    usage = shutil.disk_usage(".")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DownloadError, match="disk space") as caught:
        pull(entry_of(HUB))
    assert "CODELLAMA_LSP_MODELS" in caught.value.hint
    assert not is_here(entry_of(HUB))


def test_disk_that_fills_up_on_the_way(hub, models_dir, monkeypatch):
    write = PartialFile.write

    def fill_up(self, data):
        if self.size:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, data[:1000])

    monkeypatch.setattr(PartialFile, "write", fill_up)
    with pytest.raises(DownloadError, match="disk is full"):
        pull(entry_of(HUB))
    monkeypatch.setattr(PartialFile, "write", write)
    assert (models_dir / f"{FILE}.partial").read_bytes() == CONTENT[:1000]
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_folder_that_can_not_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CODELLAMA_LSP_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(DownloadError, match="can't be written"):
        pull(entry_of(HUB))


def test_second_pull_of_a_file_is_refused_while_the_first_runs(hub, models_dir):
    models_dir.mkdir()
    with (
        pull_lock(models_dir / FILE),
        pytest.raises(DownloadError, match="by another codellama-lsp"),
    ):
        pull(entry_of(HUB))
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_digest_is_compared_before_the_name_is_given(tmp_path):
    final = tmp_path / FILE
    with PartialFile(final) as partial:
        partial.write(b"something else")
        with pytest.raises(partial_module.WrongDigest):
            partial.finish(SHA256)
    assert list(tmp_path.iterdir()) == []


def test_partial_cut_in_the_middle_hashes_what_is_left(tmp_path):
    with PartialFile(tmp_path / FILE) as partial:
        partial.write(CONTENT[:2000])
        partial.cut(1000)
        partial.write(CONTENT[1000:])
        partial.finish(SHA256)
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_room_is_light_to_import():
    code = (
        "import sys, lsp_server.models.store, lsp_server.models.memory, lsp_server.models.gguf\n"
        "import lsp_server.cli.models\n"
        "heavy = {'httpx', 'tqdm', 'numpy', 'llama_cpp', 'pygls'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_embedded_default_can_be_had_without_a_hub():
    entry = catalogue().find("qwen2.5-coder-0.5b")
    assert [type(source).__name__ for source in entry.sources] == [
        "HubSource",
        "PackageIndexSource",
    ]
