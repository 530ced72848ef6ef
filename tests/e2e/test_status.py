"""codellama/status: the truth about the engine, for clients that ask for it."""

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import yaml
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.editor import WITH_EVERYTHING, range_at, running_editor

URI = "file:///project/a.py"
CAPABILITIES = attrs.evolve(WITH_EVERYTHING, experimental={"codellama": {"status": True}})


@pytest.fixture
def shared():
    """The engine is a process of its own and leaves as soon as nobody is there."""
    settings = {"engine": {"kind": "shared", "keep_alive": 0}}
    Path(os.environ["CODELLAMA_LSP_CONFIG"]).write_text(yaml.safe_dump(settings))


@asynccontextmanager
async def watched(*arguments):
    async with running_editor(*arguments, capabilities=CAPABILITIES) as editor:
        editor.open(URI, "x = \n")
        yield editor


@asynccontextmanager
async def cancelled(editor, method, params):
    """A request that is cancelled when the body has been left."""
    protocol = editor.client.protocol
    asked = asyncio.ensure_future(protocol.send_request_async(method, params, msg_id="asked"))
    yield
    protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id="asked"))
    with pytest.raises(JsonRpcException, match=r"(?i)cancel"):
        await asked


def process_of_the_engine():
    (state,) = Path(os.environ["XDG_RUNTIME_DIR"]).glob("codellama-lsp/engine-*.json")
    return json.loads(state.read_text())["pid"]


def states(editor):
    return [told["state"] for told in editor.statuses]


async def until(editor, *expected):
    """Wait until the latest states are these."""
    await editor.until(lambda: states(editor)[-len(expected) :] == list(expected))


async def test_a_model_that_loads_is_told_in_percent_and_then_ready(script):
    async with watched(*script(percentages=[0, 40])) as editor:
        await until(editor, "ready")
        loading = {"state": "loading", "model": "qwen2.5-coder-0.5b", "message": None}
        assert editor.statuses == [
            {**loading, "percentage": None},
            {**loading, "percentage": 0},
            {**loading, "percentage": 40},
            {"state": "ready", "model": "double", "percentage": None, "message": None},
        ]
        reports = [value for value in editor.progress if value["kind"] == "report"]
        assert [report.get("percentage") for report in reports] == [None, 0, 40]


async def test_a_model_that_is_asked_thinks(script):
    async with watched(*script(infills=[{"text": "12", "stall": True}])) as editor:
        await until(editor, "ready")
        where = types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            types.TextDocumentIdentifier(URI),
            types.Position(0, 4),
        )
        async with cancelled(editor, types.TEXT_DOCUMENT_INLINE_COMPLETION, where):
            await until(editor, "ready", "thinking")
        await until(editor, "thinking", "ready")


async def test_an_explanation_is_thinking_too(script):
    async with watched(*script(chats=[{"text": "It", "stall": True}])) as editor:
        await until(editor, "ready")
        command = types.ExecuteCommandParams(
            "codellama.explain",
            [{"uri": URI, "version": 1, "range": attrs.asdict(range_at(0, 0, 0, 4))}],
        )
        async with cancelled(editor, types.WORKSPACE_EXECUTE_COMMAND, command):
            await until(editor, "ready", "thinking")
        await until(editor, "thinking", "ready")


async def test_completions_that_are_switched_off_are_told(script):
    async with watched(*script()) as editor:
        await until(editor, "ready")
        for enabled, state in [(False, "off"), (True, "ready")]:
            settings = {"codellama": {"completion": {"enabled": enabled}}}
            editor.client.workspace_did_change_configuration(
                types.DidChangeConfigurationParams(settings)
            )
            await until(editor, state)


@pytest.mark.parametrize("kind", ["in-process", "shared"])
async def test_a_model_that_can_not_be_loaded_is_told_with_the_reason(script, kind, request):
    if kind == "shared":
        request.getfixturevalue("shared")
    async with watched(*script(load_error="There is no model. Pull it.")) as editor:
        await editor.until(lambda: editor.messages)
        await until(editor, "failed")
        assert editor.statuses[-1]["message"] == "There is no model. Pull it."


async def test_a_killed_engine_is_gone_and_comes_back(script, shared):
    async with watched(*script(infills=["12"])) as editor:
        await until(editor, "ready")
        os.kill(process_of_the_engine(), signal.SIGKILL)
        await until(editor, "ready", "gone")
        told = len(editor.statuses)
        assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"
        await until(editor, "ready")
        assert states(editor)[told] == "loading"


async def test_an_engine_that_dies_while_it_loads_is_told_all_the_way(script, shared):
    async with watched(*script(never_ready=True, percentages=[70])) as editor:
        await editor.until(lambda: editor.statuses and editor.statuses[-1]["percentage"] == 70)
        script(infills=["12"])  # what the next engine reads
        os.kill(process_of_the_engine(), signal.SIGKILL)
        await until(editor, "ready")
        assert set(states(editor)[:-1]) == {"loading"}
        assert editor.statuses[-1]["percentage"] is None


async def test_other_clients_are_not_told(script):
    async with running_editor(*script()) as editor:
        await editor.until_loaded()
        assert editor.statuses == []
