"""Reports of crashes: real processes that crash in every way."""

import os
import subprocess
import sys
import time

import pytest

from lsp_server import crash

CODE = "def mine_alone(): pass"
SETTING_UP = f"""
import os, sys, threading
from lsp_server import crash
crash.watch("engine")
code = {CODE!r}
"""


@pytest.fixture(autouse=True)
def own_state(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def run(body):
    return subprocess.run(
        [sys.executable, "-c", SETTING_UP + body], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def f():\n    raise ValueError(code)\nf()", "ValueError\n  <string>:"),
        ("class Own(Exception): pass\nraise Own(code)", "__main__.Own"),
        ("t = threading.Thread(target=lambda: {}[code]); t.start(); t.join()", "KeyError"),
        ("os.abort()", "Fatal Python error: Aborted"),
        ("import ctypes; ctypes.string_at(0)", "Fatal Python error: Segmentation fault"),
    ],
)
def test_a_crash_leaves_a_report_without_code(body, told):
    process = run(body)
    (report,) = crash.reports()
    text = report.read_text(encoding="utf-8")
    assert text.startswith("A crash of codellama-lsp engine ")
    assert told in text
    assert CODE not in text + process.stderr
    assert crash.latest("engine") == report
    assert crash.latest("serve") is None
    if "Fatal" not in told:
        assert f"is in {report}" in process.stderr


@pytest.mark.parametrize("body", ["", "sys.exit(3)", "raise KeyboardInterrupt"])
def test_an_ordinary_end_leaves_nothing(body):
    run(body)
    assert list(crash.crash_folder().iterdir()) == []


def test_what_a_killed_process_leaves_is_no_report_and_goes():
    run("import signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert len(list(crash.crash_folder().iterdir())) == 1
    assert crash.reports() == []
    crash.tidy()
    assert list(crash.crash_folder().iterdir()) == []


def test_the_file_of_a_process_that_lives_stays():
    process = subprocess.Popen(
        [sys.executable, "-c", f"{SETTING_UP}\nprint(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    crash.tidy()
    assert [path.stem.split("-")[-1] for path in crash.crash_folder().iterdir()] == [
        str(process.pid)
    ]
    process.communicate()


def test_only_the_latest_are_kept_and_old_ones_are_not_told():
    for number in range(crash._KEPT + 5):
        path = crash.crash_folder() / f"engine-2026-{number}.txt"
        path.write_text("head\nValueError\n")
        then = time.time() - 1000 - number
        os.utime(path, (then, then))
    crash.tidy()
    assert len(crash.reports()) == crash._KEPT
    assert crash.reports()[0].name == "engine-2026-0.txt"
    assert crash.latest("engine") is None
