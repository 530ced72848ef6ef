"""Where an engine listens, on each system, and whose files are trusted."""

import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

import attrs
import pytest

from lsp_server.config import Config, EngineSettings
from lsp_server.engine.address import (
    Address,
    address_for,
    addresses,
    can_be_socket,
    check_owner,
    runtime_folder,
)
from lsp_server.errors import EngineError


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    """Not pytest's own, whose name can be too long for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def _config(transport):
    return attrs.evolve(Config(), engine=EngineSettings(transport=transport))


@pytest.mark.parametrize(
    ("platform", "transport", "is_loopback"),
    [
        ("linux", "auto", False),
        ("linux", "socket", False),
        ("linux", "loopback", True),
        ("darwin", "auto", False),
        ("win32", "auto", True),
        ("win32", "loopback", True),
    ],
)
def test_transport(monkeypatch, own_folder, platform, transport, is_loopback):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("platformdirs.user_state_path", lambda name, appauthor: own_folder / name)
    address = address_for(_config(transport))
    assert address.is_loopback is is_loopback
    assert address.path.suffix == (".port" if is_loopback else ".sock")
    files = {address.path, address.lock, address.starting, address.state}
    assert len(files) == 4
    assert {path.parent for path in files} == {runtime_folder()}


def test_windows_has_no_sockets(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("platformdirs.user_state_path", lambda name, appauthor: tmp_path / name)
    with pytest.raises(EngineError, match="loopback"):
        address_for(_config("socket"))


def test_a_path_that_is_too_long_for_a_socket(monkeypatch, tmp_path):
    deep = tmp_path / ("x" * 100)
    monkeypatch.setattr("platformdirs.user_runtime_path", lambda name: deep / name)
    assert address_for(_config("auto")).is_loopback
    with pytest.raises(EngineError, match="so long"):
        address_for(_config("socket"))


@pytest.mark.parametrize(
    ("name", "can_be"),
    [("x" * 102, True), ("x" * 103, False), ("ü" * 51, True), ("ü" * 51 + "x", False)],
)
def test_the_longest_socket(name, can_be):
    assert can_be_socket(Path(f"/{name}")) is can_be


def test_windows_keeps_its_files_out_of_the_temporary_ones(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(
        "platformdirs.user_state_path", lambda name, appauthor: tmp_path / "state" / name
    )
    assert runtime_folder() == tmp_path / "state" / "codellama-lsp" / "engines"
    assert runtime_folder().is_dir()


def test_addresses_are_the_engines_of_both_kinds():
    folder = runtime_folder()
    for name in ("engine-1-a.sock", "engine-1-b.port", "engine-1-a.lock", "engine-1-b.json", "x"):
        (folder / name).touch()
    found = [folder / "engine-1-a.sock", folder / "engine-1-b.port"]
    assert addresses() == [Address(path) for path in found]


def test_own_files_are_trusted(tmp_path):
    path = tmp_path / "file"
    path.touch(0o600)
    check_owner(path)


def test_links_are_not(tmp_path):
    (tmp_path / "file").touch(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(EngineError, match="someone else"):
        check_owner(tmp_path / "link")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not(tmp_path, mode):
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    with pytest.raises(EngineError, match="someone else"):
        check_owner(path)


def test_another_users_is_not(tmp_path, monkeypatch):
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as planted:
        monkeypatch.chdir(tmp_path)
        planted.bind("engine.sock")
        path.chmod(0o600)
        check_owner(path)
        monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
        with pytest.raises(EngineError, match="someone else"):
            check_owner(path)


@pytest.mark.parametrize("planted", ["link", "open to all"])
def test_a_planted_runtime_folder_is_refused(own_folder, tmp_path, planted):
    folder = own_folder / "codellama-lsp"
    if planted == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(EngineError, match="XDG_RUNTIME_DIR"):
        runtime_folder()


def test_a_folder_of_our_making_is_the_users_alone(monkeypatch, tmp_path):
    """Where there is no runtime folder, and whatever the user's umask."""
    parent = tmp_path / "runtime-1000"
    monkeypatch.setattr("platformdirs.user_runtime_path", lambda name: parent / name)
    umask = os.umask(0o002)
    try:
        assert runtime_folder() == parent / "codellama-lsp"
    finally:
        os.umask(umask)
    for folder in (parent, parent / "codellama-lsp"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_runtime_folder_that_someone_else_took_is_told(monkeypatch):
    def refuse(name):
        raise PermissionError("/tmp/runtime-1000 is owned by uid 1")

    monkeypatch.setattr("platformdirs.user_runtime_path", refuse)
    with pytest.raises(EngineError, match="owned by uid 1") as raised:
        runtime_folder()
    assert "XDG_RUNTIME_DIR" in raised.value.hint
