"""The file of counts: added to by several processes at once, read, reset, and never in the way."""

import json
import sqlite3
import subprocess
import sys

from click.testing import CliRunner

from lsp_server.cli import cli
from lsp_server.statistics import store
from lsp_server.statistics.store import Key, Row

SHOWN = Key("python", "typing", "shown")
ACCEPTED = Key("python", "typing", "accepted")
WRITER = """
import sys
from pathlib import Path
from lsp_server.statistics.store import Key, add
for _ in range(50):
    add({Key("python", "typing", "shown"): 1, Key("go", "menu", "shown"): 2}, Path(sys.argv[1]))
"""


def test_counts_add_up(tmp_path):
    path = tmp_path / "folder" / "counts.sqlite"
    store.add({SHOWN: 2, ACCEPTED: 1}, path)
    store.add({SHOWN: 3}, path)
    since, rows = store.read(path)
    assert len(since) == len("2026-01-01")
    assert Row("python", "typing", "shown", 5) in rows
    assert Row("python", "typing", "accepted", 1) in rows
    store.reset(path)
    assert store.read(path) == ("", [])


def test_several_windows_at_once_lose_nothing(tmp_path):
    path = tmp_path / "counts.sqlite"
    windows = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) for _ in range(4)]
    assert [window.wait(120) for window in windows] == [0] * 4
    _, rows = store.read(path)
    assert rows == [Row("go", "menu", "shown", 400), Row("python", "typing", "shown", 200)]


def test_what_cannot_be_kept_is_lost_in_silence(tmp_path, caplog):
    path = tmp_path / "counts.sqlite"
    path.write_text("this is no database at all, but a text that is long enough to be one")
    store.add({SHOWN: 1}, path)
    assert "could not be kept" in caplog.text


def test_the_command_shows_and_forgets_them(tmp_path, monkeypatch):
    path = tmp_path / "counts.sqlite"
    monkeypatch.setattr(store, "statistics_path", lambda: path)
    run = CliRunner().invoke
    assert "Nothing was suggested yet" in run(cli, ["stats"]).output
    store.add({SHOWN: 8, ACCEPTED: 2, Key("go", "menu", "shown"): 1}, path)
    text = run(cli, ["stats"]).output
    assert "2 (25 %)" in text
    assert text.index("python") < text.index("go") < text.index("all")
    found = json.loads(run(cli, ["stats", "--json"]).output)
    assert found["rows"][0] == {
        "language": "python",
        "trigger": "typing",
        "shown": 8,
        "accepted": 2,
        "partly accepted": 0,
        "typed out": 0,
        "typed over": 0,
        "dismissed": 0,
    }
    assert run(cli, ["stats", "--reset"]).exit_code == 0
    assert json.loads(run(cli, ["stats", "--json"]).output)["rows"] == []


def test_no_code_is_kept(tmp_path):
    path = tmp_path / "counts.sqlite"
    store.add({SHOWN: 1}, path)
    with sqlite3.connect(path) as database:
        columns = [row[1] for row in database.execute("pragma table_info(counts)")]
    assert columns == ["day", "language", "trigger", "outcome", "count"]
