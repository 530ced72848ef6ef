"""The child process of sandbox.py: confines itself, then runs the program from standard input.

Its last line of output is the word that it was given, or `failed: ` and why.
"""

import io
import json
import os
import resource
import sys
from typing import Any

# What a program may not do, by the names of Python's audit events.
_REFUSED = (
    "ctypes.",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "pty.",
    "resource.",
    "shutil.",
    "signal.",
    "socket.",
    "sqlite3.",
    "subprocess.",
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    order = json.load(sys.stdin)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    _limit(order["cpu_s"], order["memory"])
    sys.stdin = io.StringIO()
    sys.stdout = sys.stderr = io.StringIO()  # what the program prints is of no interest
    sys.addaudithook(_refuse)
    try:
        exec(compile(order["program"], "<task>", "exec"), {"__name__": "__main__"})
        verdict = order["word"]
    except BaseException as error:  # SystemExit, too: the test was not reached
        verdict = f"failed: {type(error).__name__}: {error}".partition("\n")[0]
    report.write(verdict[:300] + "\n")
    report.flush()
    os._exit(0)


def _limit(cpu_s: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
    if writes or event.startswith(_REFUSED):
        raise PermissionError(f"{event} is not allowed here")


if __name__ == "__main__":
    main()
