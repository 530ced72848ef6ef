"""Documents that change, and users who cancel, while the model writes; what the model is asked."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.lsp_text import accept, edited
from tests.e2e.editor import WITH_EVERYTHING, Editor, _converter, range_at

URI = "file:///project/a.py"
TEXT = "import os\n\n\ndef f(a):\n    return a + b\n\n\ndef g():\n    return 1\n"
FIXED = "```python\ndef f(a, b):\n    return a + b\n```"
UNDEFINED = types.Diagnostic(
    range_at(4, 15, 4, 16),
    'undefined name "b"',
    code="F821",
    source="pyflakes",
    related_information=[
        types.DiagnosticRelatedInformation(
            types.Location(URI, range_at(7, 0, 7, 5)), "g is defined here"
        ),
        types.DiagnosticRelatedInformation(
            types.Location("file:///project/b.py", range_at(2, 0, 2, 5)), "b is defined here"
        ),
    ],
)


@pytest.fixture(autouse=True)
def no_own_actions(monkeypatch, tmp_path):
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(tmp_path / "no-actions"))


@asynccontextmanager
async def gated_editor(folder, answer=FIXED, locale=None):
    """An editor whose model answers when `folder/go` is there."""
    (folder / "answer").write_text(answer, encoding="utf-8")
    client = LanguageClient("test-editor", "1", converter_factory=_converter)
    editor = Editor(client)
    editor.listen()
    server = Path(__file__).with_name("gated_server.py")
    await client.start_io(sys.executable, str(server), str(folder))
    await client.initialize_async(
        types.InitializeParams(capabilities=WITH_EVERYTHING, locale=locale)
    )
    client.initialized(types.InitializedParams())
    try:
        yield editor
    finally:
        await asyncio.wait_for(client.shutdown_async(None), 30)
        client.exit(None)
        await client.stop()


@asynccontextmanager
async def fixing(folder):
    """An editor in which a fix is being written."""
    async with gated_editor(folder) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT, version=1)
        actions = await editor.actions(URI, 4, 15, 4, 16, diagnostics=[UNDEFINED])
        action = next(action for action in actions if action.diagnostics)
        resolving = asyncio.ensure_future(editor.client.code_action_resolve_async(action))
        await editor.until_asked()
        yield editor, resolving


def _page(uri: str) -> str:
    return Path(unquote(urlparse(uri).path)).read_text(encoding="utf-8")


def asked(folder) -> list[str]:
    return json.loads((folder / "asked.json").read_text(encoding="utf-8"))


async def synchronized(editor) -> None:
    """Everything sent before has been handled: requests are answered in their order."""
    await editor.actions(URI, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param((0, 0, 0, 0, "# above\n"), 4, id="a line above"),
        pytest.param((1, 0, 3, 0, ""), 1, id="less above"),
        pytest.param((8, 4, 8, 12, "pass"), 3, id="below"),
    ],
)
async def test_a_fix_finds_its_lines_again(tmp_path, change, line):
    async with fixing(tmp_path) as (editor, resolving):
        editor.change(URI, 2, change)
        await synchronized(editor)
        (tmp_path / "go").touch()
        resolved = await resolving
        (changed,) = resolved.edit.document_changes
        assert changed.text_document.version == 2
        (edit,) = changed.edits
        assert (edit.range, edit.new_text) == (range_at(line, 0, line, 9), "def f(a, b):")


async def test_a_fix_whose_lines_changed_is_kept_in_a_page(tmp_path):
    async with fixing(tmp_path) as (editor, resolving):
        editor.change(URI, 2, (4, 16, 4, 16, " + 1"))
        await synchronized(editor)
        (tmp_path / "go").touch()
        assert (await resolving).edit is None
        page = _page(editor.shown[0].uri)
        assert "document changed while the answer was written" in page
        assert "def f(a, b):\n    return a + b" in page


async def test_a_document_that_was_closed_is_not_edited(tmp_path):
    async with fixing(tmp_path) as (editor, resolving):
        editor.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI))
        )
        await synchronized(editor)
        (tmp_path / "go").touch()
        assert (await resolving).edit is None
        assert editor.shown


NEW_CODE = {
    "Fix": "def f(a, b):\n    return a + b",
    "Generate": "def f(a, b):\n    return a + b",
    "Simplify": "def f(a, b):\n    return a + b",
    "Document": 'def f(a):\n    """The sum."""\n    return a + b',
    "Translate comments": "def f(a):\n    # The sum.\n    return a + b",
}
F = "def f(a):\n    return a + b"


@pytest.mark.parametrize(
    ("change", "is_there"),
    [
        pytest.param((0, 0, 0, 0, "# above\n"), True, id="above"),
        pytest.param((6, 0, 8, 12, ""), True, id="less below"),
        pytest.param((5, 0, 5, 0, f"{F}\n"), True, id="twice"),
        pytest.param((4, 4, 4, 4, "# inside\n    "), False, id="inside"),
        pytest.param((0, 0, 8, 12, ""), False, id="all gone"),
        pytest.param(None, False, id="closed"),
    ],
)
async def test_each_action_while_the_document_changes(tmp_path, change, is_there):
    """Where its lines are still there the edit finds them; else the code is kept in a page."""
    async with gated_editor(tmp_path) as editor:
        await editor.until_loaded()
        for number, (title, code) in enumerate(NEW_CODE.items()):
            uri = f"file:///project/{number}.py"
            (tmp_path / "answer").write_text(f"```python\n{code}\n```", encoding="utf-8")
            editor.open(uri, TEXT)
            actions = await editor.actions(uri, 3, 0, 4, 16)
            action = next(action for action in actions if action.title == title)
            resolving = asyncio.ensure_future(editor.client.code_action_resolve_async(action))
            await editor.until_asked()
            pages = len(editor.shown)
            if change:
                editor.change(uri, 2, change)
            else:
                document = types.TextDocumentIdentifier(uri)
                editor.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
            await synchronized(editor)
            (tmp_path / "go").touch()
            edit = (await resolving).edit
            (tmp_path / "go").unlink()
            if not is_there:
                assert edit is None, title
                assert code in _page(editor.shown[pages].uri)
            else:
                *at, new = change
                after = accept(TEXT, types.InlineCompletionItem(new, range=range_at(*at)))
                assert edit.document_changes[0].text_document.version == 2
                assert edited(after, edit) == after.replace(F, code, 1), title


async def test_what_the_editor_knows_reaches_the_model(tmp_path):
    async with fixing(tmp_path) as (_, resolving):
        (tmp_path / "go").touch()
        await resolving
        _, user = asked(tmp_path)
        assert 'in the line `return a + b`: undefined name "b" (pyflakes F821)' in user
        assert "g is defined here (a.py, line 8) in the line `def g():`" in user
        assert "b is defined here (b.py, line 3)" in user


@pytest.mark.parametrize(("locale", "said"), [("de-AT", True), ("en-GB", False), (None, False)])
async def test_explanations_are_in_the_editors_language(tmp_path, locale, said):
    (tmp_path / "go").touch()
    async with gated_editor(tmp_path, "Es addiert.", locale) as editor:
        editor.open(URI, TEXT)
        actions = await editor.actions(URI, 3, 0, 4, 16)
        explain = next(action for action in actions if action.title == "Explain")
        await editor.execute(explain.command)
        assert ("Answer in German." in asked(tmp_path)[0]) is said
