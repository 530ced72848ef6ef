"""`codellama-lsp models pull` and `verify`."""

import contextlib
import os
import re
import sys
import threading

import pytest
from click.testing import CliRunner

from lsp_server.cli import models_pull
from lsp_server.cli.models import models
from lsp_server.errors import (
    DownloadError,
    ModelLoadError,
    ModelMissing,
    UnknownModel,
)

from .conftest import CONTENT, FILE, SHA256, SIZE
from .test_gguf import write
from .test_ollama import ollama  # noqa: F401, a fixture


def run(*arguments, **settings):
    """The result; errors propagate as they do to the main command."""
    return CliRunner().invoke(models, arguments, catch_exceptions=False, **settings)


def test_pull_shows_the_licence_once_and_verifies(hub, models_dir, tiny_catalogue):
    first = run("pull", "tiny")
    assert first.exit_code == 0
    assert "https://free.example" in first.stderr
    assert (models_dir / FILE).read_bytes() == CONTENT
    second = run("pull", "tiny")
    assert "licence" not in second.stderr
    assert "is here" in second.stdout
    assert SHA256 in run("verify").stdout
    assert SHA256 in run("verify", "tiny").stdout


def test_licence_that_is_not_free_has_to_be_accepted(hub, models_dir, tiny_catalogue):
    with pytest.raises(DownloadError, match="accepted first") as caught:
        run("pull", "meta")
    assert "--accept-licence" in caught.value.hint
    assert hub.requests == []
    accepted = run("pull", "meta", "--accept-licence")
    assert "https://licence.example" in accepted.stderr
    assert (models_dir / "meta.gguf").exists()
    run("pull", "meta-2")  # accepted with the first


@pytest.mark.parametrize(("answer", "here"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_the_licence_is_asked(
    hub, models_dir, tiny_catalogue, monkeypatch, answer, here
):
    monkeypatch.setattr(models_pull, "_asks", lambda: True)
    if here:
        result = run("pull", "meta", input=answer)
        assert "Free instead, under Apache-2.0: tiny, second" in result.stderr
    else:
        with pytest.raises(DownloadError, match="was not accepted"):
            run("pull", "meta", input=answer)
    assert (models_dir / "meta.gguf").exists() == here


def test_several_at_once(hub, models_dir, tiny_catalogue):
    meeting = threading.Barrier(2, timeout=10)
    content = hub.content

    class Meeting(bytes):
        def __getitem__(self, piece):
            meeting.wait()
            return content[piece]

    hub.content = Meeting(content)
    result = run("pull", "tiny", "second", "tiny")
    assert result.exit_code == 0
    assert {path.name for path in models_dir.glob("*.gguf")} == {FILE, "second.gguf"}
    assert len(hub.requests) == 2
    assert "tiny: Fetching" in result.stderr


def test_one_that_fails_does_not_stop_the_others(hub, models_dir, tiny_catalogue, monkeypatch):
    monkeypatch.setattr(models_pull, "AT_ONCE", 1)
    hub.script = ["404"]
    with pytest.raises(DownloadError, match="tiny could not be fetched"):
        run("pull", "tiny", "second")
    assert [path.name for path in models_dir.glob("*.gguf")] == ["second.gguf"]


def test_stopped_pull_says_that_it_can_go_on(hub, tiny_catalogue, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("lsp_server.cli.models_pull.BarProgress.at", stop)
    result = run("pull", "tiny")
    assert result.exit_code != 0
    assert "goes on from here" in result.stderr


def test_without_a_terminal_it_is_told_in_steps(capsys):
    progress = models_pull.BarProgress("tiny")
    for done in range(0, 2001, 7):
        progress.at(done, None)
        progress.at(done, 2000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"tiny: {percent} %" for percent in range(5, 100, 5)]


def test_stop_ends_a_pull_at_its_next_report():
    stop = threading.Event()
    progress = models_pull.BarProgress("tiny", stop=stop)
    progress.at(1, 2)
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        progress.at(2, 2)


def test_a_bar_on_a_terminal_and_lines_above_it(monkeypatch):
    termios = pytest.importorskip("termios")
    ours, theirs = os.openpty()
    termios.tcsetwinsize(ours, (24, 60))
    with os.fdopen(theirs, "w", buffering=1) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with models_pull.BarProgress("codellama-7b") as progress:
            progress.at(500_000_000, 4_000_000_000)
            progress.say("The connection was cut.")
    written = b""
    with contextlib.suppress(OSError):  # its end, where nobody writes to it any more
        while piece := os.read(ours, 65536):
            written += piece
    os.close(ours)
    shown = written.decode()
    assert re.search(r"codellama-7b: +12%\|.*\| 500M/4\.00G", shown)
    assert "The connection was cut.\r\n" in shown
    assert shown.endswith("\r")  # the bar goes at the end


def test_no_bar_in_a_file(capsys):
    with models_pull.BarProgress("tiny", several=True) as progress:
        progress.at(1, 2)
        progress.say("Here.")
    assert capsys.readouterr().err == "tiny: 50 %\ntiny: Here.\n"


def test_waiting_for_a_hub_is_said(hub, tiny_catalogue, monkeypatch):
    monkeypatch.setattr("lsp_server.models.hub.RETRY_DELAY_S", 0.0)
    monkeypatch.setattr("lsp_server.models.hub._pause", lambda *_: None)
    hub.script = ["429 90", f"cut {SIZE // 2}"]
    told = run("pull", "tiny").stderr
    assert "answered 429 Too Many Requests; again in 90 s." in told
    assert f"received {SIZE // 2} bytes, expected {SIZE}); again in 0 s." in told


def test_file_of_a_hub(hub, models_dir):
    name = f"hf:owner/repo/{FILE}"
    hub.api["/api/models/owner/repo?blobs=true"] = {
        "id": "owner/repo",
        "tags": ["gguf", "license:mit"],
        "siblings": [{"rfilename": FILE, "size": SIZE}],
    }
    result = run("pull", name)
    assert "under mit: 127.0.0.1/owner/repo" in result.stderr
    assert (models_dir / "hub/owner/repo" / FILE).read_bytes() == CONTENT
    assert SHA256 in run("verify", name).stdout
    assert SHA256 in run("verify").stdout
    assert "is gone" in run("remove", name).stdout
    with pytest.raises(ModelMissing):
        run("verify", name)


def test_file_of_a_hub_that_says_nothing_of_its_licence(hub, models_dir):
    with pytest.raises(DownloadError, match="accepted first"):
        run("pull", f"hf:owner/repo/{FILE}")
    assert run("pull", "--accept-licence", f"hf:owner/repo/{FILE}").exit_code == 0


@pytest.mark.parametrize(("status", "says"), [("401", "HF_TOKEN"), ("404", "have the file")])
def test_file_that_a_hub_refuses(hub, status, says):
    hub.script = [status, status]
    with pytest.raises(DownloadError, match=says):
        run("pull", "--accept-licence", f"hf:owner/repo/{FILE}")


def test_files_and_ollamas_models_are_used_in_place(tmp_path, ollama):  # noqa: F811
    own = write(tmp_path / "own.gguf")
    write(next((ollama / "blobs").iterdir()))
    result = run("pull", str(own), "ollama:codellama:7b-code")
    assert result.stdout.count("used where it lies") == 2
    no_model = tmp_path / "no.gguf"
    no_model.write_text("<!DOCTYPE html>")
    with pytest.raises(ModelLoadError):
        run("pull", str(no_model))


def test_errors_reach_the_main_command(hub, models_dir, tiny_catalogue):
    hub.script = ["404"]
    with pytest.raises(DownloadError):
        run("pull", "tiny")
    with pytest.raises(UnknownModel):
        run("pull", "tiny", "tinny")
    with pytest.raises(ModelMissing):
        run("verify", "tiny")
    with pytest.raises(ModelMissing):
        run("use", "tiny")


def test_nothing_is_pulled_if_one_name_is_wrong(hub, tiny_catalogue):
    with pytest.raises(UnknownModel):
        run("pull", "tiny", "tinny")
    assert hub.requests == []


def test_verify_says_all_that_is_damaged(hub, models_dir, tiny_catalogue):
    assert "No models are here yet" in run("verify").stdout
    run("pull", "tiny")
    (models_dir / FILE).write_bytes(CONTENT[::-1])
    with pytest.raises(DownloadError, match="damaged"):
        run("verify")
    with pytest.raises(UnknownModel, match="file of your own"):
        run("verify", str(models_dir / FILE))
