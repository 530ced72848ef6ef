"""Starting the engine's process, detached from the editor that happened to need it first."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import attrs

from lsp_server.config import Config

_LOG_KEPT = 1_000_000


def log_path() -> Path:
    """Where the engine's process writes what goes wrong."""
    from platformdirs import user_log_path

    folder = user_log_path("codellama-lsp")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "engine.log"


def start_engine(config: Config, extra: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
    """Start `codellama-lsp engine` with these settings in a session of its own.

    It outlives this process. Starting one where there is one already does no harm.
    """
    path = log_path()
    # -P, and a folder of the user's own: anybody may put a package of our name into the current
    # folder, and on Windows into the root of the drive.
    command = [sys.executable, "-P", "-m", "lsp_server", "engine", "run", "--settings", "-", *extra]
    with _log(path) as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            creationflags=_windows_flags(),
            cwd=path.parent,
        )
    assert process.stdin
    with process.stdin:
        process.stdin.write(json.dumps(attrs.asdict(config)).encode())
    return process


def _windows_flags() -> int:
    """A console of its own that nobody sees: the editor's may close, and without any the
    interpreter of a virtual environment, which starts another, would open a window."""
    names = ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP")
    return sum(getattr(subprocess, name, 0) for name in names)


def _log(path: Path) -> IO[bytes]:
    """The log, to append to; begun anew where it has grown."""
    if path.exists() and path.stat().st_size > _LOG_KEPT:
        # Windows refuses while another engine writes it.
        with contextlib.suppress(PermissionError):
            path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def last_words(limit: int = 300) -> str:
    """The end of the engine's log, for a person who wants to know why it died."""
    try:
        lines = log_path().read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][-limit:] if lines else ""
