"""What the command line writes, where the system would write it otherwise."""

import io
import sys

from lsp_server.cli import plain_output


def test_windows_writes_code_and_diffs_as_they_are(monkeypatch):
    written = io.BytesIO()
    for name in ("stdout", "stderr"):
        as_on_windows = io.TextIOWrapper(written, encoding="cp1252", newline="\r\n")
        monkeypatch.setattr(sys, name, as_on_windows)
    plain_output()
    print("π ← '日本'", flush=True)
    print("oh", file=sys.stderr, flush=True)
    assert written.getvalue().decode() == "π ← '日本'\noh\n"


def test_a_stream_that_is_none_is_left_alone(monkeypatch):
    """pythonw has none."""
    monkeypatch.setattr(sys, "stdout", None)
    plain_output()
