"""Requests that cross: cancelled, superseded, stale, early. With the engine double."""

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.editor import BARE, range_at, running_editor

URI = "file:///project/a.py"
TEXT = "def f(a):\n    return a + \n"
HANGS = {"text": "one", "stall": True}


async def test_cancelling_stops_the_generation(script):
    async with running_editor(*script(infills=[HANGS, "cancelled_{cancelled}"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        protocol = editor.client.protocol
        request = protocol.send_request_async(
            types.TEXT_DOCUMENT_INLINE_COMPLETION, _params(1, 15), msg_id="to-cancel"
        )
        await editor.until_asked()
        protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id="to-cancel"))
        with pytest.raises(JsonRpcException, match="cancel"):
            await asyncio.wait_for(request, 10)
        item = await editor.suggestion(URI, 1, 15)
        assert item.insert_text == "cancelled_1"


async def test_a_newer_request_supersedes_the_older(script):
    async with running_editor(*script(infills=[HANGS, "cancelled_{cancelled}"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        older = editor.complete(URI, 1, 14)
        await editor.until_asked()
        newer = await editor.suggestion(URI, 1, 15)
        assert await older is None
        assert newer.insert_text == "cancelled_1"


async def test_a_change_makes_the_answer_stale(script):
    async with running_editor(*script(infills=[HANGS, "fresh"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        stale = editor.complete(URI, 1, 15)
        await editor.until_asked()
        editor.change(URI, 2, (1, 15, 1, 15, "b"))
        fresh = await editor.suggestion(URI, 1, 16)
        assert await stale is None
        assert fresh.insert_text == "fresh"


async def test_several_to_choose_from_where_they_are_asked_for(script):
    answer = {"text": "one\n", "others": ["two", "one"]}
    async with running_editor(*script(infills=[answer, "three"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        invoked = types.InlineCompletionTriggerKind.Invoked
        found = await asyncio.wait_for(editor.complete(URI, 1, 15, invoked), 10)
        assert [item.insert_text for item in found.items] == ["one", "two"]
        assert all(item.range == range_at(1, 15, 1, 15) for item in found.items)
        # While typing there is one.
        assert (await editor.suggestion(URI, 1, 15)).insert_text == "one"


@pytest.mark.parametrize(
    "params",
    [
        {"textDocument": {"uri": URI}, "range": {"start": {"line": 0}, "end": {"line": 1}}},
        {"textDocument": {"uri": "file:///unknown"}, "range": {}},
        {},
    ],
)
async def test_what_was_copied_is_taken_as_it_comes(script, params):
    async with running_editor(*script(infills=["one"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        editor.client.protocol.notify("codellama/copied", params)
        assert (await editor.suggestion(URI, 1, 15)).insert_text == "one"
        assert editor.messages == []


async def test_null_until_the_model_is_loaded(script):
    async with running_editor(*script(never_ready=True)) as editor:
        editor.open(URI, TEXT)
        assert await asyncio.wait_for(editor.complete(URI, 1, 15), 10) is None


async def test_a_model_that_fails_is_told_once_and_the_server_lives(script):
    async with running_editor(*script(load_error="The model is missing.")) as editor:
        await editor.until(lambda: editor.messages)
        editor.open(URI, TEXT)
        assert await editor.complete(URI, 1, 15) is None
        assert await editor.complete(URI, 1, 15) is None
        assert [message.message for message in editor.messages] == [
            "codellama-lsp: The model is missing."
        ]


async def test_menu_for_an_editor_without_inline_completion(script):
    async with running_editor(*script(infills=["rn a"]), capabilities=BARE) as editor:
        editor.open(URI, "def f(a):\n    retu\n")
        result = None
        while result is None:  # a bare client is not told when the model is there
            result = await editor.client.text_document_completion_async(
                types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(1, 8))
            )
        (item,) = result.items
        assert item.label == "return a"
        assert item.filter_text == "retu"
        assert item.text_edit.range.start.character == 4
        assert item.text_edit.new_text == "return a"


async def test_no_menu_beside_inline_completion(script):
    async with running_editor(*script(infills=["bc"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        result = await editor.client.text_document_completion_async(
            types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(1, 15))
        )
        assert result is None


def _params(line: int, column: int) -> types.InlineCompletionParams:
    return types.InlineCompletionParams(
        context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
        text_document=types.TextDocumentIdentifier(URI),
        position=types.Position(line, column),
    )


async def test_where_the_cursor_rests_is_prepared(script):
    """By an editor that tells it; a place in no open document is nothing."""
    async with running_editor(*script(infills=["b + c", "cancelled_{cancelled}"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        for uri in ("file:///project/unknown.py", URI):
            place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 15}}
            editor.client.protocol.notify("codellama/cursor", place)
        await editor.until_asked()
        item = await editor.suggestion(URI, 1, 15)
        assert item.insert_text == "b + c"


@pytest.mark.parametrize(
    "nonsense", [{}, {"textDocument": 1, "position": {}}, {"textDocument": {"uri": URI}}]
)
async def test_nonsense_about_the_cursor_is_nothing(script, nonsense):
    async with running_editor(*script(infills=["b + c"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        editor.client.protocol.notify("codellama/cursor", nonsense)
        assert (await editor.suggestion(URI, 1, 15)).insert_text == "b + c"
        assert not editor.messages
