"""A child process that is ended where it takes too long or too much memory.

Not every system lets a process limit itself: Windows has no such limits, and macOS does not keep
the one on memory. So its parent looks.
"""

import subprocess
import time
from collections.abc import Sequence

_LOOK_EVERY = 0.05


class TookTooMuch(Exception):
    """The child was ended: it took more time or memory than it was given."""


def run_watched(
    command: Sequence[str], text: str, seconds: float, memory: int
) -> "subprocess.CompletedProcess[str]":
    """Run a command with `text` as its standard input; `memory` is in bytes, resident.

    Raises TookTooMuch, or OSError where it can't be started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as process:
        try:
            out, err = _watched(process, text, time.monotonic() + seconds, memory)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _watched(
    process: "subprocess.Popen[str]", text: str, until: float, memory: int
) -> tuple[str, str]:
    given: str | None = text
    while True:
        try:
            return process.communicate(given, timeout=_LOOK_EVERY)
        except subprocess.TimeoutExpired:
            given = None  # communicate goes on where it was
            if time.monotonic() > until or _resident(process.pid) > memory:
                raise TookTooMuch from None


def _resident(pid: int) -> int:
    """Bytes of a process and its children: on Windows a virtual environment's interpreter only
    starts another one."""
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_info().rss for member in family)
    except psutil.Error:
        return 0  # it has just ended
