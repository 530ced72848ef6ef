"""Actions that the user ends, at each stage and in each way: the engine stops, nobody is told."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.editor import running_editor

URI = "file:///project/a.py"
TEXT = "def f(a):\n    return a + b\n"
SILENT = {"text": "", "stall": True}
BEGUN = {"text": "```python\ndef f(", "stall": True}
COUNT = "cancelled_{cancelled}"

# What the model says, and how often it has been asked when the user cancels.
STAGES = {
    "reading": ([SILENT, COUNT], 1),
    "writing": ([BEGUN, COUNT], 1),
    "second try": (["", BEGUN, COUNT], 2),
    "third try": (["", "", BEGUN, COUNT], 3),
}


@pytest.fixture(autouse=True)
def no_own_actions(monkeypatch, tmp_path):
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(tmp_path / "no-actions"))


def begun(editor, title: str) -> asyncio.Future:
    """The action, under way as request `to-cancel`."""
    return asyncio.ensure_future(_begun(editor, title))


async def _begun(editor, title: str):
    actions = await editor.actions(URI, 0, 0, 1, 16)
    action = next(action for action in actions if action.title == title)
    method, params = types.CODE_ACTION_RESOLVE, action
    if action.command:
        method = types.WORKSPACE_EXECUTE_COMMAND
        params = types.ExecuteCommandParams(action.command.command, action.command.arguments)
    return await editor.client.protocol.send_request_async(method, params, msg_id="to-cancel")


def cancel(editor, way: str) -> None:
    if way == "button":
        token = editor.progress_tokens[-1]
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    else:
        editor.client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id="to-cancel"))


def ended(editor) -> int:
    return sum(_kind(value) == "end" for value in editor.progress)


def _kind(value) -> str:
    return value["kind"] if isinstance(value, dict) else value.kind


@pytest.mark.parametrize("way", ["button", "request"])
@pytest.mark.parametrize(
    ("stage", "title"),
    [*((stage, "Fix") for stage in STAGES), ("reading", "Explain"), ("writing", "Explain")],
)
async def test_cancelling_stops_the_model(script, stage, title, way):
    chats, asked = STAGES[stage]
    async with running_editor(*script(chats=chats)) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        before = ended(editor)
        running = begun(editor, title)
        for _ in range(asked):
            await editor.until_asked()
        cancel(editor, way)
        with pytest.raises(JsonRpcException, match=r"(?i)cancel"):
            await asyncio.wait_for(running, 60)
        await editor.until(lambda: ended(editor) > before)
        assert editor.messages == editor.shown == editor.applied == []
        await begun(editor, "Explain")
        page = Path(unquote(urlparse(editor.shown[-1].uri).path))
        assert "cancelled_1" in await asyncio.to_thread(page.read_text, encoding="utf-8")


@pytest.mark.parametrize("way", ["button", "request"])
@pytest.mark.parametrize("title", ["Fix", "Explain"])
async def test_cancelling_while_the_model_loads(script, title, way):
    async with running_editor(*script(never_ready=True)) as editor:
        editor.open(URI, TEXT)
        running = begun(editor, title)
        await editor.until(
            lambda: any(f"Code Llama: {title}" in str(value) for value in editor.progress)
        )
        cancel(editor, way)
        with pytest.raises(JsonRpcException, match=r"(?i)cancel"):
            await asyncio.wait_for(running, 60)
        assert editor.messages == editor.shown == []
        assert await editor.actions(URI, 0, 0, 1, 16)


async def test_cancelling_what_has_ended_does_nothing(script):
    async with running_editor(*script(chats=["It adds."])) as editor:
        editor.open(URI, TEXT)
        await begun(editor, "Explain")
        for way in ("button", "request"):
            cancel(editor, way)
        await begun(editor, "Explain")
        assert len(editor.shown) == 2
        assert editor.messages == []
