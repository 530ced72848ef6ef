"""Logs and crash reports of real servers and engines: there, in the right place, without code."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
import yaml
from lsprotocol import types

from tests.e2e.editor import range_at, running_editor

URI = "file:///project/a.py"
SECRET = "xyzzy_secret"
TEXT = f"{SECRET} = \n"


@pytest.fixture
def shared():
    settings = {"engine": {"kind": "shared", "keep_alive": 0}}
    Path(os.environ["CODELLAMA_LSP_CONFIG"]).write_text(yaml.safe_dump(settings))


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "codellama-lsp" / "log"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def send_a_change_that_cannot_be_read(editor):
    """pygls logs the whole of it as an error."""
    place = range_at(0, 0, 0, 0)
    object.__setattr__(place.start, "character", SECRET)  # past the client's own checks
    editor.client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=2, uri=URI),
            [types.TextDocumentContentChangePartial(range=place, text=SECRET)],
        )
    )
    await editor.complete(URI, 0, 4)


@pytest.mark.parametrize("level", ["info", "debug"])
async def test_code_is_in_the_log_at_debug_alone(script, tmp_path, level):
    file = tmp_path / "mine.log"
    arguments = (*script(infills=[SECRET]), "--log-file", str(file))
    async with running_editor(*arguments, options={"log_level": level}) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        await send_a_change_that_cannot_be_read(editor)
        process = editor.client._server
    told = (await process.stderr.read()).decode()
    assert any(line["level"] == "error" for line in lines(file))
    assert (SECRET in file.read_text()) == (level == "debug")
    assert (SECRET in told) == (level == "debug")
    assert not state().joinpath("serve.log").exists()


async def test_nothing_is_left_of_a_server_that_ended_well(script):
    async with running_editor(*script(infills=["12"])) as editor:
        await editor.until_loaded()
        assert len(list((state() / "crashes").iterdir())) == 1  # in case it crashes
    assert list((state() / "crashes").iterdir()) == []


async def test_the_engines_log_follows_the_editors_setting(script, shared):
    async with running_editor(*script(infills=["12"])) as editor:
        await editor.until_loaded()
        log = state() / "engine.log"
        assert not log.exists()
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"log_level": "info"})
        )
        async with asyncio.timeout(60):
            while not log.exists():  # noqa: ASYNC110 - it is another process that writes it
                await asyncio.sleep(0.02)
        assert "info" in lines(log)[0]["message"]


async def test_an_engine_that_crashes_says_where_its_report_is(script, shared):
    async with running_editor(*script(infills=[{"text": SECRET, "die": True}])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        await asyncio.wait_for(editor.complete(URI, 0, 4), 60)
        (message,) = editor.messages
        report = re.search(r"A report of the crash, without your code, is (\S+)\.", message.message)
    text = Path(report[1]).read_text(encoding="utf-8")  # noqa: ASYNC240
    assert text.startswith("A crash of codellama-lsp engine")
    assert "Fatal Python error: Aborted" in text
    assert SECRET not in text
