"""llama.cpp's own programs are used only where they are of the version that is compared with."""

from importlib.metadata import version

import pytest

from benchmarks import peer


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LLAMA_CPP_BIN", raising=False)
    monkeypatch.setattr(peer.platformdirs, "user_cache_path", lambda name: tmp_path / name)
    folder = tmp_path / "codellama-lsp" / "bench" / "bin"
    folder.mkdir(parents=True)
    (folder / "llama-server").touch()
    return folder


def test_the_built_programs_are_found_in_the_cache_folder(cache):
    (cache / "version").write_text(version(peer.PACKAGE) + "\n")
    assert peer.program("llama-server") == cache / "llama-server"
    assert peer.program("llama-bench") is None


@pytest.mark.parametrize("built", [None, "0.0.1\n"])
def test_another_versions_programs_are_not_used(cache, built):
    if built:
        (cache / "version").write_text(built)
    assert peer.program("llama-server") is None


def test_a_folder_can_be_named(cache, monkeypatch, tmp_path):
    (tmp_path / "llama-server").touch()
    monkeypatch.setenv("LLAMA_CPP_BIN", str(tmp_path))
    assert peer.program("llama-server") == tmp_path / "llama-server"
