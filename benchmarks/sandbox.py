"""Runs a program that a model wrote, in a process of its own that can do little harm.

It has a few seconds, little memory, an empty folder to be in, and no environment; it may not write
files, start processes, send signals or use the network. That holds off accidents, which is what
a model's code is; it is no prison for code that means harm.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_RUNNER = Path(__file__).with_name("confined.py")


@dataclass(frozen=True)
class Limits:
    """CPU time and wall time in seconds (the second is longer: the machine may be busy), and
    address space in bytes."""

    cpu_s: int = 5
    wall_s: float = 30.0
    memory: int = 1 << 30


@dataclass(frozen=True)
class Outcome:
    """Whether the program ran to its end; if not, why: the exception's last line, or the limit."""

    passed: bool
    why: str = ""


def run(program: str, limits: Limits | None = None) -> Outcome:
    """Run a Python program to its end or to a limit."""
    limits = limits or Limits()
    # The program can't say by itself that it has passed: it doesn't know the word for it.
    word = secrets.token_hex(16)
    order = {"program": program, "word": word, "cpu_s": limits.cpu_s, "memory": limits.memory}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(json.dumps(order).encode(), limits.wall_s)
        except subprocess.TimeoutExpired:
            return Outcome(False, "time limit")
        finally:
            _kill_group(process)
    if process.returncode == -signal.SIGXCPU:
        return Outcome(False, "time limit")
    return _outcome(output.decode("utf-8", "replace"), word)


def _outcome(output: str, word: str) -> Outcome:
    last = output.rstrip("\n").rpartition("\n")[2]
    if last == word:
        return Outcome(True)
    return Outcome(False, last.removeprefix("failed: ") if last.startswith("failed: ") else "ended")


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """The process and whatever it may have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
