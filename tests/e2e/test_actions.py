"""Code actions through a real server process, with the engine double."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.editor import WITH_EVERYTHING, range_at, running_editor

URI = "file:///project/a.py"
TEXT = "def f(a):\n    return a + b\n\n\ndef g():\n    return 1\n"
FIXED = "Here it is:\n```python\ndef f(a, b):\n    return a + b\n```\nDone."
UNDEFINED = types.Diagnostic(range_at(1, 15, 1, 16), 'undefined name "b"', source="pyflakes")


async def test_the_menu_is_there_before_the_model(script):
    async with running_editor(*script(never_ready=True)) as editor:
        editor.open(URI, TEXT)
        actions = await editor.actions(URI, 0, 0, 1, 16, diagnostics=[UNDEFINED])
        titles = [action.title for action in actions]
        assert any("Explain" in title for title in titles)
        assert any("Generate" in title for title in titles)
        fixes = [action for action in actions if action.kind == "quickfix"]
        assert any("undefined name" in action.title for action in fixes)
        assert any(list(action.diagnostics or []) == [UNDEFINED] for action in fixes)
        assert all(action.edit is None for action in actions)


async def test_fix_resolves_to_one_versioned_edit(script):
    async with running_editor(*script(chats=[FIXED])) as editor:
        editor.open(URI, TEXT, version=7)
        actions = await editor.actions(URI, 0, 0, 1, 16, diagnostics=[UNDEFINED])
        action = next(action for action in actions if action.diagnostics)
        resolved = await editor.client.code_action_resolve_async(action)
        (change,) = resolved.edit.document_changes
        assert change.text_document.version == 7
        (edit,) = change.edits
        assert (edit.range, edit.new_text) in [
            (range_at(0, 0, 1, 0), "def f(a, b):\n"),
            (range_at(0, 0, 0, 9), "def f(a, b):"),
        ]


async def test_explain_opens_a_page(script):
    async with running_editor(*script(chats=["It adds `a` and `b`."])) as editor:
        editor.open(URI, TEXT)
        actions = await editor.actions(URI, 0, 0, 1, 16)
        explain = next(action for action in actions if "Explain" in action.title)
        await editor.execute(explain.command)
        (shown,) = editor.shown
        assert "It adds `a` and `b`." in _page(shown)


async def test_commands_apply_edits_where_the_client_cannot_resolve(script):
    capabilities = types.ClientCapabilities(workspace=WITH_EVERYTHING.workspace)
    async with running_editor(*script(chats=[FIXED]), capabilities=capabilities) as editor:
        editor.open(URI, TEXT)
        actions = await editor.actions(URI, 0, 0, 1, 16, diagnostics=[UNDEFINED])
        fix = next(action for action in actions if action.diagnostics)
        await editor.execute(fix.command)
        assert editor.applied[0].document_changes[0].edits


@pytest.mark.parametrize(
    ("change", "line"),
    [((5, 0, 5, 0, "    # typed below\n"), 0), ((0, 0, 0, 0, "# typed above\n"), 1)],
)
async def test_an_action_chosen_after_typing_elsewhere_is_about_the_same_lines(
    script, change, line
):
    async with running_editor(*script(chats=[{"text": FIXED, "stall": True}])) as editor:
        editor.open(URI, TEXT, version=1)
        actions = await editor.actions(URI, 0, 0, 1, 16, diagnostics=[UNDEFINED])
        action = next(action for action in actions if action.diagnostics)
        editor.change(URI, 2, change)
        resolved = await editor.client.code_action_resolve_async(action)
        (changed,) = resolved.edit.document_changes
        assert changed.text_document.version == 2
        assert [edit.range.start.line for edit in changed.edits] == [line]


async def test_an_action_on_lines_that_changed_is_refused(script):
    async with running_editor(*script(chats=[FIXED])) as editor:
        editor.open(URI, TEXT, version=1)
        actions = await editor.actions(URI, 0, 0, 1, 16, diagnostics=[UNDEFINED])
        action = next(action for action in actions if action.diagnostics)
        editor.change(URI, 2, (1, 16, 1, 16, " + c"))
        resolved = await editor.client.code_action_resolve_async(action)
        assert resolved.edit is None
        assert "changed" in editor.messages[0].message


async def test_the_cancel_button_stops_the_model(script):
    chats = [{"text": "x", "stall": True}, "cancelled_{cancelled}"]
    async with running_editor(*script(chats=chats)) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        actions = await editor.actions(URI, 0, 0, 1, 16)
        explain = next(action for action in actions if "Explain" in action.title)
        running = asyncio.ensure_future(editor.execute(explain.command))
        await editor.until_asked()
        editor.client.window_work_done_progress_cancel(
            types.WorkDoneProgressCancelParams(editor.progress_tokens[-1])
        )
        with pytest.raises(JsonRpcException, match=r"(?i)cancel"):
            await running
        await editor.execute(explain.command)
        assert "cancelled_1" in _page(editor.shown[-1])


async def test_a_request_that_makes_no_sense_is_answered_with_a_message(script):
    async with running_editor(*script()) as editor:
        await editor.execute(types.Command("x", "codellama.fix", arguments=[{"uri": 3}]))
        assert "not understood" in editor.messages[0].message


async def test_a_command_on_a_file_that_no_model_is_shown(script):
    options = {"files": {"exclude": ["a.py"]}}
    async with running_editor(*script(chats=["Secret."]), options=options) as editor:
        editor.open(URI, TEXT)
        assert await editor.actions(URI, 0, 0, 1, 16) == []
        range_ = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 16}}
        request = {"uri": URI, "range": range_}
        await editor.execute(types.Command("x", "codellama.explain", arguments=[request]))
        assert "no model is shown" in editor.messages[0].message
        assert editor.shown == []


async def test_only_the_kinds_that_are_asked_for(script):
    async with running_editor(*script(), capabilities=WITH_EVERYTHING) as editor:
        editor.open(URI, TEXT)
        actions = await editor.actions(URI, 0, 0, 1, 16, only=["quickfix"])
        assert actions
        assert {action.kind for action in actions} == {"quickfix"}


def _page(shown: types.ShowDocumentParams) -> str:
    return Path(unquote(urlparse(shown.uri).path)).read_text(encoding="utf-8")


LONG = "".join(
    f"def f{n}(a):\n" + "".join(f"    value_{i} = a + {i}\n" for i in range(40)) + "\n\n"
    for n in range(200)
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param(LONG, "python", id="functions"),
        pytest.param("a word, " * 40_000, "plaintext", id="one line"),
        pytest.param("| 1 | 2 |\n" * 40_000, "markdown", id="no functions"),
    ],
)
async def test_a_selection_longer_than_n_ctx(script, text, language):
    async with running_editor(*script(chats=["It is long."])) as editor:
        editor.open(URI, text, language)
        lines = text.count("\n")
        actions = await editor.actions(URI, 0, 0, lines, 400_000 if not lines else 0)
        explain = next(action for action in actions if action.title == "Explain")
        await editor.execute(explain.command)
        page = _page(editor.shown[0])
        assert "did not fit the model's n_ctx and were left out." in page
        assert page.endswith("It is long.\n")
        fix = next(action for action in actions if action.title == "Fix")
        assert (await editor.client.code_action_resolve_async(fix)).edit is None
        (message,) = editor.messages
        assert "Select fewer lines." in message.message
