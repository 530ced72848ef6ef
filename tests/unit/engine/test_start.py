"""How the engine's process is started: nothing of anybody's folder runs in it."""

import io
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.config import Config
from lsp_server.engine.shared import start


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The arguments that the process was started with, instead of a process."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    seen = []

    class Process:
        def __init__(self, command, **options):
            self.stdin = io.BytesIO()
            seen.append((command, options))

    monkeypatch.setattr(subprocess, "Popen", Process)
    return seen


def test_it_runs_in_a_session_and_a_folder_of_its_own(started, tmp_path):
    start.start_engine(Config(), ("--double", "x"))
    ((command, options),) = started
    assert command[:2] == [sys.executable, "-P"]
    assert command[-2:] == ["--double", "x"]
    assert options["start_new_session"]
    assert options["cwd"] == start.output_path().parent
    assert stat.S_IMODE(options["cwd"].stat().st_mode) == 0o700
    assert stat.S_IMODE(start.output_path().stat().st_mode) == 0o600


def test_a_package_of_our_name_in_the_current_folder_does_not_run(tmp_path):
    planted = tmp_path / "lsp_server"
    planted.mkdir()
    (planted / "__init__.py").write_text("")
    (planted / "__main__.py").write_text("print('planted')")
    run = subprocess.run(
        [sys.executable, "-P", "-m", "lsp_server", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("codellama-lsp")


def test_a_long_log_is_begun_anew(started, monkeypatch):
    monkeypatch.setattr(start, "_OUTPUT_KEPT", 3)
    start.output_path().write_text("long")
    start.start_engine(Config())
    assert start.output_path().read_text() == ""
    assert start.output_path().with_suffix(".out.1").read_text() == "long"


def test_a_log_that_windows_does_not_let_go_of_is_gone_on_with(started, monkeypatch):
    def held(self, target):
        raise PermissionError

    monkeypatch.setattr(start, "_OUTPUT_KEPT", 3)
    monkeypatch.setattr(Path, "replace", held)
    start.output_path().write_text("long")
    start.start_engine(Config())
    assert start.output_path().read_text() == "long"
    assert len(started) == 1


def test_no_flags_but_on_windows(started, monkeypatch):
    start.start_engine(Config())
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 8, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 2, raising=False)
    start.start_engine(Config())
    assert [options["creationflags"] for _, options in started] == [0, 10]
