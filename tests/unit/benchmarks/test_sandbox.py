"""What a model's program may do, and that its end is seen."""

import pytest

from benchmarks import sandbox

QUICK = sandbox.Limits(cpu_s=1, wall_s=10)


@pytest.mark.parametrize(
    "program",
    [
        "",
        "import math, collections, hashlib, heapq, re, random\nassert math.gcd(4, 6) == 2",
        "print('a' * 100_000)",
        "import sys\nsys.stdout.write('no line end')",
        "def check(f):\n    assert f() == 1\ndef f():\n    return 1\ncheck(f)",
    ],
)
def test_passes(program):
    assert sandbox.run(program, QUICK) == sandbox.Outcome(True)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("while True: pass", "time limit"),
        ("x = ' ' * (4 << 30)", "MemoryError"),
        ("def f(): f()\nf()", "RecursionError"),
        ("assert 1 == 2, 'not\\nequal'", "AssertionError: not"),
        ("a b", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("import os\nos._exit(0)", "ended"),
        ("open('new', 'w')", "PermissionError"),
        ("import os\nos.open('new', os.O_CREAT)", "PermissionError"),
        ("import os\nos.remove('/nowhere')", "PermissionError"),
        ("import os\nos.kill(os.getppid(), 0)", "PermissionError"),
        ("import os\nos.fork()", "PermissionError"),
        ("import os\nos.system('true')", "PermissionError"),
        ("import subprocess\nsubprocess.run(['true'])", "PermissionError"),
        ("import socket\nsocket.socket()", "PermissionError"),
        ("input()", "EOFError"),
    ],
)
def test_fails_and_says_why(program, why):
    outcome = sandbox.run(program, QUICK)
    assert not outcome.passed
    assert outcome.why.startswith(why)


def test_a_process_that_sleeps_is_ended():
    limits = sandbox.Limits(cpu_s=1, wall_s=0.5)
    outcome = sandbox.run("import time\ntime.sleep(60)", limits)
    assert outcome == sandbox.Outcome(False, "time limit")


def test_the_environment_is_empty():
    program = "import os\nassert not set(os.environ) - {'LC_CTYPE'}, list(os.environ)"
    assert sandbox.run(program, QUICK).passed
