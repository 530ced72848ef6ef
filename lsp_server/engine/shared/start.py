"""Starting the engine's process, detached from the editor that happened to need it first."""

import json
import subprocess
import sys
from pathlib import Path

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
    if path.exists() and path.stat().st_size > _LOG_KEPT:
        path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lsp_server", "engine", "run", "--settings", "-", *extra],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    assert process.stdin
    with process.stdin:
        process.stdin.write(json.dumps(attrs.asdict(config)).encode())
    return process


def last_words(limit: int = 300) -> str:
    """The end of the engine's log, for a person who wants to know why it died."""
    try:
        lines = log_path().read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][-limit:] if lines else ""
