"""Locks between processes: one holder, freed with it, on each system."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from lsp_server.locks import locked


def test_one_holder_at_a_time(tmp_path):
    with locked(tmp_path / "lock") as ours:
        assert ours
        with locked(tmp_path / "lock") as again:
            assert not again
    with locked(tmp_path / "lock") as ours:
        assert ours


def test_a_killed_holder_frees_it(tmp_path):
    path = tmp_path / "lock"
    holding = (
        "import sys; from pathlib import Path; from lsp_server.locks import locked\n"
        "with locked(Path(sys.argv[1])) as ours: print(ours, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"True\n"
        with locked(path) as ours:
            assert not ours
        other.kill()
    with locked(path) as ours:
        assert ours


def test_a_stale_file_is_no_lock(tmp_path):
    (tmp_path / "lock").write_text("4711")
    with locked(tmp_path / "lock") as ours:
        assert ours
    assert (tmp_path / "lock").read_text() == "4711"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "made")
    with pytest.raises(OSError, match="symbolic"), locked(tmp_path / "lock"):
        pass
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("free", [True, False])
def test_on_windows(tmp_path, monkeypatch, free):
    calls = []

    def locking(descriptor, mode, count):
        calls.append((mode, count))
        if not free:
            raise PermissionError

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.delattr(os, "O_NOFOLLOW")
    with locked(tmp_path / "lock") as ours:
        assert ours is free
    assert calls == [(2, 1)]
