"""What a crash leaves behind: a report of where it happened, without code or file contents.

A fault in native code leaves no time to open a file. So the file is opened and headed when a
program starts, and taken away again when it ends well.
"""

import atexit
import faulthandler
import logging
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from lsp_server import __version__
from lsp_server.log import log_folder, whereabouts

_END_OF_HEAD = "It says where in the program it happened; no code of yours and no settings."
_KEPT = 20
_LATELY_S = 300.0


def watch(program: str) -> None:
    """From here on, a crash of this process leaves a report, and standard error says where.

    Where the report can't be written, crashes are as they were.
    """
    started = datetime.now(UTC)
    name = f"{program}-{started:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    with suppress(OSError):
        path = crash_folder() / name
        file = path.open("w", encoding="utf-8")  # open as long as the process lives
        file.write(_head(program, started))
        file.flush()
        faulthandler.enable(file, all_threads=True)
        _Hooks(program, path, file).install()


def crash_folder() -> Path:
    folder = log_folder() / "crashes"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def reports() -> list[Path]:
    """The reports of crashes, the newest first."""
    return [path for path in _files() if not _is_empty(path)]


def latest(program: str, within_s: float = _LATELY_S) -> Path | None:
    """The report that a crash of this program left lately, if any."""
    since = time.time() - within_s
    mine = (path for path in reports() if path.name.startswith(f"{program}-"))
    return next((path for path in mine if path.stat().st_mtime >= since), None)


def tidy() -> None:
    """Take away what killed processes left, which has nothing in it, and all but the latest
    reports."""
    import psutil

    for path in _files():
        process = path.stem.rpartition("-")[2]
        if _is_empty(path) and not (process.isdigit() and psutil.pid_exists(int(process))):
            _remove(path)
    for path in reports()[_KEPT:]:
        _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):  # it is gone, or open on Windows
        path.unlink()


def _files() -> Iterator[Path]:
    with suppress(OSError):
        found = [(path.stat().st_mtime, path) for path in crash_folder().glob("*.txt")]
        yield from (path for _, path in sorted(found, reverse=True))


def _is_empty(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8", errors="replace").rstrip().endswith(_END_OF_HEAD)
    except OSError:
        return True


def _head(program: str, started: datetime) -> str:
    python = f"Python {platform.python_version()} on {sys.platform} {platform.machine()}"
    return (
        f"A crash of codellama-lsp {program} {__version__}, {python}, process {os.getpid()},\n"
        f"started {started:%Y-%m-%d %H:%M:%S} UTC.\n"
        f"{_END_OF_HEAD}\n\n"
    )


class _Hooks:
    """Writes the exceptions that nobody caught into the report."""

    def __init__(self, program: str, path: Path, file: TextIO) -> None:
        self._program = program
        self._path = path
        self._file = file
        self._crashed = False

    def install(self) -> None:
        sys.excepthook = self._uncaught
        threading.excepthook = lambda args: self._uncaught(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        atexit.register(self._end)

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, (KeyboardInterrupt, SystemExit)):
            return
        self._crashed = True
        with suppress(OSError):
            self._file.write(f"{whereabouts(error) if error else kind.__name__}\n")
            self._file.flush()
        if logging.getLogger("lsp_server").isEnabledFor(logging.DEBUG):
            sys.__excepthook__(kind, error or kind(), trace)
        print(
            f"codellama-lsp {self._program} crashed: {kind.__name__}. "
            f"A report without your code is in {self._path}",
            file=sys.stderr,
            flush=True,
        )

    def _end(self) -> None:
        if not self._crashed:
            faulthandler.disable()
            self._file.close()
            _remove(self._path)
