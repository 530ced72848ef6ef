"""Starting the engine's process, detached from the editor that happened to need it first."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import attrs

from lsp_server.config import Config
from lsp_server.crash import latest
from lsp_server.log import log_folder

_OUTPUT_KEPT = 1_000_000
_LATELY_S = 300.0


def output_path() -> Path:
    """Where the engine's process writes what isn't for the log: what native code says as it dies,
    and why it could not start."""
    return log_folder() / "engine.out"


def start_engine(config: Config, extra: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
    """Start `codellama-lsp engine` with these settings in a session of its own.

    It outlives this process. Starting one where there is one already does no harm.
    """
    # -P, and a folder of the user's own: anybody may put a package of our name into the current
    # folder, and on Windows into the root of the drive.
    command = [sys.executable, "-P", "-m", "lsp_server", "engine", "run"]
    path = output_path()
    with _output(path) as output:
        process = subprocess.Popen(
            [*command, "--detached", "--settings", "-", *extra],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
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


def _output(path: Path) -> IO[bytes]:
    """The file, to append to; begun anew where it has grown."""
    if path.exists() and path.stat().st_size > _OUTPUT_KEPT:
        # Windows refuses while another engine writes it.
        with contextlib.suppress(PermissionError):
            path.replace(path.with_suffix(".out.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def last_words(limit: int = 300) -> str:
    """What the engine said lately beside its log, for a person who wants to know why it died."""
    path = output_path()
    try:
        if path.stat().st_mtime < time.time() - _LATELY_S:
            return "nothing."
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "nothing."
    return lines[-1][-limit:] if lines else "nothing."


def evidence() -> str:
    """Where a person finds what happened."""
    report = latest("engine", _LATELY_S)
    crash = f" A report of the crash, without your code, is {report}." if report else ""
    return f"Its log is {log_folder() / 'engine.log'}.{crash}"
