"""A child that takes too much is ended, whatever the system limits by itself."""

import sys

import pytest

from lsp_server.prompting.watched import TookTooMuch, run_watched

MIB = 2**20
FOREVER = "; import threading; threading.Event().wait()"


def _python(code):
    return [sys.executable, "-c", code]


def test_what_it_says_comes_back():
    code = "import sys; print(sys.stdin.read()[::-1]); print('oh', file=sys.stderr); sys.exit(3)"
    ended = run_watched(_python(code), "abc", 60, 512 * MIB)
    assert (ended.stdout.strip(), ended.stderr.strip(), ended.returncode) == ("cba", "oh", 3)


def test_more_text_than_a_pipe_holds_goes_both_ways():
    text = "x" * 2**21
    code = "import sys, time; text = sys.stdin.read(); sys.stdout.write(text)"
    assert run_watched(_python(code), text, 60, 512 * MIB).stdout == text


@pytest.mark.parametrize(
    ("code", "seconds", "memory"),
    [
        ("pass" + FOREVER, 0.1, 512 * MIB),
        ("x = b'x' * (200 * 2**20)" + FOREVER, 600, 100 * MIB),
        (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', "
            '"x = bytes([1]) * (200 * 2**20); input()"], stdin=subprocess.PIPE)' + FOREVER,
            600,
            100 * MIB,
        ),
    ],
    ids=["time", "memory", "memory of a child"],
)
def test_too_much(code, seconds, memory):
    with pytest.raises(TookTooMuch):
        run_watched(_python(code), "", seconds, memory)
