"""Runs a file with its test: Python in the benchmarks' sandbox, JavaScript in Node where there is
one."""

import shutil
import subprocess
import tempfile
from functools import cache

from benchmarks import sandbox

_WALL_S = 20
_ASSERT = "const assert = require('node:assert').strict;\n"


@cache
def node() -> str | None:
    """The path of Node, None on a machine without it."""
    return shutil.which("node")


def can_run(language: str) -> bool:
    return language == "python" or node() is not None


def passes(language: str, text: str, test: str) -> bool:
    """Whether the text and its test run to the end."""
    if language == "python":
        return sandbox.run(f"{text}\n{test}").passed
    return _javascript_passes(f"{_ASSERT}{text}\n{test}")


def _javascript_passes(program: str) -> bool:
    """Node's permission model keeps the program from files and processes."""
    path = node()
    assert path is not None
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [path, "--experimental-permission", "--input-type=commonjs", "-"],
                input=program.encode(),
                cwd=folder,
                env={},
                capture_output=True,
                timeout=_WALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0
