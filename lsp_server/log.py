"""The log: lines on standard error, which editors keep, and JSON lines in a rotating file.

A user's code is in neither above the level debug: of other libraries' records only the pattern is
kept, without what would be filled in, and of exceptions the type and where they were raised,
without the message. Both may quote what was being worked on.
"""

import json
import logging
import re
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

_OURS = "lsp_server"
# pygls logs every message it sends, the user's code with it, at INFO.
_QUIET = ("pygls", "httpx", "httpcore", "asyncio")
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_SIZE, _KEPT = 1_000_000, 3  # bytes of a file, and how many older ones


def log_folder() -> Path:
    """The folder of logs and crash reports, in the user's state folder; nobody else may open it."""
    from platformdirs import user_log_path

    folder = user_log_path("codellama-lsp", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def start_logging(level: str, program: str, file: Path | None = None, stderr: bool = True) -> None:
    """Write the log to standard error, and to `file` or else to PROGRAM.log in the log folder.

    A file that can't be written is done without; that is said on standard error.
    """
    root = logging.getLogger()
    problem = ""
    if stderr:
        lines = logging.StreamHandler(sys.stderr)
        lines.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(lines)
    try:
        path = file or log_folder() / f"{program}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        root.addHandler(_SharedFile(path))
    except OSError as error:
        problem = f"There is no log file: {error.strerror or error}"
    for handler in root.handlers:
        handler.addFilter(_matters)
        handler.addFilter(_without_code)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    set_level(level)
    if problem:
        logging.getLogger(__name__).warning(problem)


def set_level(level: str) -> None:
    """Change the level of everything that is ours, at once."""
    logging.getLogger(_OURS).setLevel(level.upper())


def whereabouts(error: BaseException) -> str:
    """What kind of exception it is and where it was raised, a line for each frame; no message."""
    lines = [_kind(error)]
    for frame, line in traceback.walk_tb(error.__traceback__):
        lines.append(f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_qualname}")
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        lines.append(f"after {whereabouts(before)}")
    return "\n".join(lines)


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _matters(record: logging.LogRecord) -> bool:
    """False for a race in anyio's unix sockets: data comes at the moment in which whoever waited
    for it was cancelled, and the event loop says so as an error. Nothing is lost by it."""
    error = record.exc_info[1] if record.exc_info else None
    raced = type(error).__name__ == "InvalidStateError" and "Future.set_result" in str(record.msg)
    return not (raced and record.name == "asyncio")


def _without_code(record: logging.LogRecord) -> bool:
    if logging.getLogger(_OURS).isEnabledFor(logging.DEBUG):
        return True
    if not record.name.startswith(_OURS):
        # asyncio fills its messages in itself: from the first bracket or line break on.
        record.msg, record.args = re.split(r"[\n(<]", str(record.msg))[0].rstrip(), None
    if record.exc_info and record.exc_info[1]:
        record.exc_text = whereabouts(record.exc_info[1])
    return True


class _JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, process, message, and error if any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _SharedFile(RotatingFileHandler):
    """A file that several processes write to, by whole lines at its end. Where another of them
    moved it on to its older name, this one goes on in the new file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_SIZE, backupCount=_KEPT, encoding="utf-8", delay=True)
        self.setFormatter(_JsonLines())

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        if self.stream and not _is_open_at(self.stream.fileno(), Path(self.baseFilename)):
            self.stream.close()
            self.stream = None
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:
        with suppress(OSError):  # Windows moves no file that another process has open
            super().doRollover()


def _is_open_at(descriptor: int, path: Path) -> bool:
    import os

    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
