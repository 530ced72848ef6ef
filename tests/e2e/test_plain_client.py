"""A client that knows no more than the least: what docs/editors/others.md promises to it. And what
is done for clients by their names, because they say more than they can."""

from lsprotocol import types

from tests.e2e.editor import BARE, WITH_EVERYTHING, running_editor

URI = "file:///project/a.py"
TEXT = "def f(a):\n    return a + b\n"
FIXED = "```python\ndef f(a, b):\n    return a + b\n```"


async def test_a_suggestion_is_a_completion_item_of_plain_text(script):
    async with running_editor(*script(infills=["rn f'${a}'"]), capabilities=BARE) as editor:
        assert editor.capabilities.completion_provider is not None
        editor.open(URI, "def f(a):\n    retu\n")
        result = None
        while result is None:  # a bare client is not told when the model is there
            result = await editor.client.text_document_completion_async(
                types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(1, 8))
            )
        (item,) = result.items
        assert item.text_edit.new_text == "return f'${a}'"
        assert item.insert_text_format is types.InsertTextFormat.PlainText
        assert item.kind is not types.CompletionItemKind.Snippet  # what Helix goes by


async def test_a_code_action_is_a_command_that_edits(script):
    async with running_editor(*script(chats=[FIXED]), capabilities=BARE) as editor:
        editor.open(URI, TEXT)
        fix = next(a for a in await editor.actions(URI, 0, 0, 1, 16) if a.title == "Fix")
        await execute(editor, fix.command.command, fix.command.arguments[0])
        (edit,) = editor.applied
        assert edit.document_changes is None
        (change,) = edit.changes[URI]
        assert change.new_text.startswith("def f(a, b):")


async def test_a_command_needs_no_more_than_a_place(script):
    async with running_editor(*script(chats=[FIXED]), capabilities=BARE) as editor:
        assert "codellama.fix" in editor.capabilities.execute_command_provider.commands
        editor.open(URI, TEXT)
        here = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 16}}
        await execute(editor, "codellama.fix", {"uri": URI, "range": here})
        assert editor.applied[0].changes[URI]


async def test_an_explanation_is_a_message_and_there_is_no_progress(script):
    async with running_editor(*script(chats=["It adds."]), capabilities=BARE) as editor:
        editor.open(URI, TEXT)
        explain = next(a for a in await editor.actions(URI, 0, 0, 1, 16) if a.title == "Explain")
        await execute(editor, explain.command.command, explain.command.arguments[0])
        (message,) = editor.messages
        assert "It adds." in message.message
        assert not editor.progress_tokens


async def test_helix_is_given_commands_although_it_says_that_it_resolves(script):
    """Its window stands still while it resolves, and so does its answer to our progress."""
    async with running_editor(
        *script(chats=[FIXED]), capabilities=WITH_EVERYTHING, name="helix"
    ) as editor:
        editor.open(URI, TEXT)
        fix = next(a for a in await editor.actions(URI, 0, 0, 1, 16) if a.title == "Fix")
        assert fix.command.command == "codellama.fix"


async def test_nothing_is_an_empty_list_for_neovim_which_would_go_on_showing_an_old_one(script):
    async with running_editor(*script(infills=[""]), name="Neovim") as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        assert not (await editor.complete(URI, 1, 16)).items
    async with running_editor(*script(infills=[""]), name="another") as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        assert await editor.complete(URI, 1, 16) is None


async def execute(editor, command: str, argument: object) -> None:
    await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(command, [argument])
    )
