"""The promises of the README with the embedded model's real weights, through a real server."""

import argparse
import ast
import asyncio
import inspect
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from lsprotocol import types

from lsp_server.documents import DocumentSnapshot, Edit, apply_edits
from tests.e2e.editor import Editor, range_at, running_editor

pytestmark = pytest.mark.real_model

URI = "file:///project/shop.py"
SHOP = textwrap.dedent(
    '''\
    """A shop."""

    from dataclasses import dataclass


    @dataclass
    class Item:
        name: str
        price: float
        quantity: int


    def total_value(items: list[Item]) -> float:
        """What all the items are worth."""
        return sum(item.price * item.quantity for item in items)


    def names(items: list[Item]) -> list[str]:
        """The names of all items."""
        retu


    def average_price(items: list[Item]) -> float:
        """The mean of the prices."""
        total = 0.0
        for item in items:
            total = item.price
        return total / len(items)
    '''
)
INSIDE_A_WORD = (19, 8)
BUG = types.Diagnostic(
    range_at(26, 8, 26, 26), "total is overwritten in each turn; += was meant", source="reviewer"
)

# Places of the standard library's own source: file, line, where the line is cut, and what an editor
# leaves right of the cursor. What is suggested for the rest has to parse where it stands.
STDLIB_PLACES = {
    "an assignment": (argparse, "self._width = width", "self._width = ", ""),
    "the arguments of a call": (argparse, "self._prog = prog", "self._prog = str(", ")"),
    "a return": (textwrap, "return w.wrap(text)", "return ", ""),
    "a condition": (ast, "if isinstance(node, Constant):", "if ", ""),
    "inside a word": (textwrap, "self.placeholder = placeholder", "self.placeholder = place", ""),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int, int]]:
    """Copies of the files with the lines cut, and the cursors counted from 1."""
    folder = tmp_path_factory.mktemp("stdlib")
    found = {}
    for name, (module, whole, before, after) in STDLIB_PLACES.items():
        lines = Path(inspect.getsourcefile(module)).read_text(encoding="utf-8").splitlines(True)
        number = next(i for i, line in enumerate(lines) if line.strip() == whole)
        indent = lines[number][: lines[number].index(whole)]
        lines[number] = f"{indent}{before}{after}\n"
        path = folder / f"{name.replace(' ', '_')}.py"
        path.write_text("".join(lines), encoding="utf-8")
        found[name] = (path, number + 1, len(indent + before) + 1)
    return found


@pytest.mark.parametrize("name", STDLIB_PLACES)
def test_the_command_line_completes_the_standard_library(places, name):
    path, line, column = places[name]
    result = subprocess.run(
        [sys.executable, "-m", "lsp_server", "complete", "--json", f"{path}:{line}:{column}"],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert result.returncode == 0, result.stderr
    edit = Edit(**json.loads(result.stdout))
    assert edit.text.strip()
    completed = apply_edits(path.read_text(encoding="utf-8"), [edit])
    ast.parse(completed)


async def test_complete_explain_generate_and_fix():
    """One session as a person has it; the model is loaded once."""
    async with running_editor() as editor:
        await editor.until_loaded()
        assert editor.messages == []
        editor.open(URI, SHOP)
        await _completes_inside_a_word(editor)
        await _gives_several(editor)
        await _explains(editor)
        await _fixes(editor)
        await _repeats_itself(editor)


async def _completes_inside_a_word(editor: Editor) -> None:
    item = await editor.suggestion(URI, *INSIDE_A_WORD)
    assert item.insert_text.startswith("rn")
    ast.parse(_applied(SHOP, item.range, item.insert_text))


async def _gives_several(editor: Editor) -> None:
    invoked = types.InlineCompletionTriggerKind.Invoked
    found = await asyncio.wait_for(editor.complete(URI, *INSIDE_A_WORD, invoked), 60)
    texts = [item.insert_text for item in found.items]
    assert 1 < len(texts) <= 3
    assert len(set(texts)) == len(texts)
    assert texts[0] == (await editor.suggestion(URI, *INSIDE_A_WORD)).insert_text
    for item in found.items:
        ast.parse(_applied(SHOP, item.range, item.insert_text))


async def _explains(editor: Editor) -> None:
    actions = await editor.actions(URI, 12, 0, 14, 60)
    explain = next(action for action in actions if action.title == "Explain")
    await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(
            command=explain.command.command, arguments=explain.command.arguments
        )
    )
    page = Path(editor.shown[-1].uri.removeprefix("file://"))
    text = await asyncio.to_thread(page.read_text, encoding="utf-8")
    assert "price" in text


async def _fixes(editor: Editor) -> None:
    fixed = _applied_edit(SHOP, await _fix(editor))
    ast.parse(fixed.replace("        retu\n", "        return []\n"))
    assert "total += item.price" in fixed
    assert fixed.split("def average_price")[0] == SHOP.split("def average_price")[0]


async def _repeats_itself(editor: Editor) -> None:
    assert await _fix(editor) == await _fix(editor)


async def _fix(editor: Editor) -> types.WorkspaceEdit:
    actions = await editor.actions(URI, 26, 8, 26, 26, diagnostics=[BUG])
    action = next(action for action in actions if action.diagnostics)
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.edit is not None, editor.messages
    return resolved.edit


def _applied_edit(text: str, edit: types.WorkspaceEdit) -> str:
    (change,) = edit.document_changes
    for one in sorted(change.edits, key=lambda e: e.range.start.line, reverse=True):
        text = _applied(text, one.range, one.new_text)
    return text


def _applied(text: str, range_: types.Range, new: str) -> str:
    document = DocumentSnapshot(URI, 1, "python", text)
    start = document.line_starts[range_.start.line] + range_.start.character
    end = document.line_starts[range_.end.line] + range_.end.character
    return text[:start] + new + text[end:]
