"""What the command line writes, where the system would write it otherwise."""

import io
import sys

from click.testing import CliRunner

from lsp_server.cli import plain_output
from lsp_server.cli.complete import complete
from lsp_server.errors import AnswerError


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


def test_an_excluded_file_is_not_completed(tmp_path, monkeypatch):
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(tmp_path / "no-config.yaml"))
    secret = tmp_path / ".env"
    secret.write_text("KEY=")
    result = CliRunner().invoke(complete, [f"{secret}:1:5"])
    assert isinstance(result.exception, AnswerError)
    assert ".env is one of the files that no model is shown" in result.exception.message
