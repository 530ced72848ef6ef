"""What became of suggestions, counted by a real server and shown by the command."""

import asyncio
import json
import subprocess
import sys
from typing import Any

from lsprotocol import types

from tests.e2e.editor import BARE, Editor, range_at, running_editor

URI = "file:///project/a.py"
ONLY_ASKED = {"completion": {"look_ahead": False}}
OFF = {"completion": {"statistics": False}}


def counts() -> dict[str, int]:
    """What `codellama-lsp stats --json` says, after the server has gone."""
    result = subprocess.run(
        [sys.executable, "-m", "lsp_server", "stats", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    rows: list[dict[str, Any]] = json.loads(result.stdout)["rows"]
    return {
        f"{row['trigger']} {name}": n
        for row in rows
        for name, n in row.items()
        if isinstance(n, int) and n and row["language"] == "python"
    }


async def _execute(editor: Editor, command: types.Command | None, *more: Any) -> None:
    assert command
    await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(command.command, [*(command.arguments or []), *more])
    )


async def test_accepted_in_part_and_typed_over(script):
    answers = script(infills=["max(values)", " + 1", "min(values)"])
    async with running_editor(*answers, options=ONLY_ASKED) as editor:
        await editor.until_loaded()
        editor.open(URI, "a = \n")
        item = await editor.suggestion(URI, 0, 4)
        editor.change(URI, 2, (0, 4, 0, 4, item.insert_text))
        await _execute(editor, item.command)  # as editors do after they have inserted it
        invoked = types.InlineCompletionTriggerKind.Invoked
        found = await asyncio.wait_for(editor.complete(URI, 0, 15, invoked), 10)
        editor.change(URI, 3, (0, 15, 0, 15, "\nb = "))
        item = await editor.suggestion(URI, 1, 4)
        editor.change(URI, 4, (1, 4, 1, 4, "mi"))
        await _execute(editor, item.command, "partly")
        editor.change(URI, 5, (1, 6, 1, 6, "!"))
        assert found.items
    assert counts() == {
        "typing shown": 2,
        "typing accepted": 1,
        "typing partly accepted": 1,
        "invoked shown": 1,
        "invoked typed over": 1,
    }


async def test_entries_of_the_menu_are_counted(script):
    async with running_editor(*script(infills=["max(values)"]), capabilities=BARE) as editor:
        editor.open(URI, "a = \n")
        at = types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(0, 4))
        async with asyncio.timeout(30):
            found = None
            while found is None:  # the model is being loaded
                found = await editor.client.text_document_completion_async(at)
        await _execute(editor, found.items[0].command)
    assert counts() == {"menu shown": 1, "menu accepted": 1}


async def test_the_setting_turns_it_off(script):
    async with running_editor(*script(infills=["max(values)"]), options=OFF) as editor:
        await editor.until_loaded()
        editor.open(URI, "a = \n")
        item = await editor.suggestion(URI, 0, 4)
        assert item.command is None
        assert item.range == range_at(0, 4, 0, 4)
        editor.change(URI, 2, (0, 4, 0, 4, item.insert_text))
    assert counts() == {}
