"""The user's own actions, live; pages that grow; edits that are confirmed."""

from pathlib import Path

import pytest
from lsprotocol import types

from tests.e2e.editor import WITH_EVERYTHING, range_at, running_editor

URI = "file:///project/a.py"
TEXT = "def f(a):\n    return a + b\n\n\n# The half of a number.\n\n"
FIXED = "```python\ndef f(a, b):\n    return a + b\n```"
OWN = (
    "---\ntitle: Shout\nkind: refactor.rewrite\napplies: [selection, empty-line]\n"
    "produces: {produces}\n---\n{{{{ selection }}}} {more}\n"
)
PAGES = types.ClientCapabilities(
    window=WITH_EVERYTHING.window,
    text_document=WITH_EVERYTHING.text_document,
    workspace=types.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True,
            change_annotation_support=types.ChangeAnnotationsSupportOptions(),
        ),
    ),
    experimental={"codellama": {"pages": True}},
)


@pytest.fixture(autouse=True)
def own(monkeypatch, tmp_path) -> Path:
    """The folder of the user's own actions, empty."""
    folder = tmp_path / "actions"
    folder.mkdir()
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(folder))
    return folder


def write(folder: Path, more: str = "", produces: str = "edit", name: str = "shout.md") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(OWN.format(more=more, produces=produces), encoding="utf-8")


async def titles(editor) -> list[str]:
    return [action.title for action in await editor.actions(URI, 0, 0, 1, 16)]


async def explained(editor) -> list:
    """The pieces of Explain's page."""
    editor.open(URI, TEXT)
    actions = await editor.actions(URI, 0, 0, 1, 16)
    await editor.execute(next(a for a in actions if a.title == "Explain").command)
    await editor.until(lambda: editor.grown and editor.grown[-1].done)
    return editor.grown


async def fix_of(editor) -> types.CodeAction:
    """Fix on the function, as it is resolved."""
    actions = await editor.actions(URI, 0, 0, 1, 16)
    action = next(action for action in actions if action.title == "Fix")
    return await editor.client.code_action_resolve_async(action)


async def test_own_actions_come_and_go(script, own):
    async with running_editor(*script(chats=[FIXED])) as editor:
        editor.open(URI, TEXT)
        assert "Shout" not in await titles(editor)
        write(own)
        assert "Shout" in await titles(editor)
        action = next(a for a in await editor.actions(URI, 0, 0, 1, 16) if a.title == "Shout")
        resolved = await editor.client.code_action_resolve_async(action)
        assert resolved.edit.document_changes
        (own / "shout.md").unlink()
        assert "Shout" not in await titles(editor)
        assert editor.messages == []
        resolved = await editor.client.code_action_resolve_async(action)
        assert resolved.edit is None
        assert "no action 'shout'" in editor.messages[0].message


async def test_a_broken_own_action_is_told_once(script, own):
    write(own, "{{ selektion }}")
    async with running_editor(*script()) as editor:
        editor.open(URI, TEXT)
        assert "Explain" in await titles(editor)
        assert "Shout" not in await titles(editor)
        (message,) = editor.messages
        assert "shout.md, line 7: unknown variable 'selektion'" in message.message


async def test_an_own_page_is_a_command(script, own):
    write(own, produces="page")
    async with running_editor(*script(chats=["HELLO"])) as editor:
        editor.open(URI, TEXT)
        action = next(a for a in await editor.actions(URI, 0, 0, 1, 16) if a.title == "Shout")
        assert action.command.command == "codellama.act"
        await editor.execute(action.command)
        assert len(editor.shown) == 1


async def test_an_own_action_on_an_empty_line(script, own):
    write(own, produces="insertion")
    async with running_editor(*script(chats=["```python\nx = 1\n```"])) as editor:
        editor.open(URI, TEXT)
        [action] = await editor.actions(URI, 5, 0, 5, 0)
        resolved = await editor.client.code_action_resolve_async(action)
        (change,) = resolved.edit.document_changes
        assert [(e.range, e.new_text) for e in change.edits] == [(range_at(5, 0, 5, 0), "x = 1")]


@pytest.mark.parametrize("allowed", [False, True])
async def test_a_workspaces_actions_need_permission(script, tmp_path, allowed):
    project = tmp_path / "project"
    write(project / ".codellama" / "actions")
    options = {"actions": {"allowed_folders": [str(project)] if allowed else []}}
    async with running_editor(*script(), folder=project, options=options) as editor:
        editor.open(URI, TEXT)
        assert ("Shout" in await titles(editor)) is allowed


async def test_a_page_grows_while_it_is_written(script):
    answer = "It adds\n`a` and `b`.<|im_end|>"
    async with running_editor(*script(chats=[answer]), capabilities=PAGES) as editor:
        pages = await explained(editor)
        title = "Explain: a.py, lines 1-2"
        assert {(p.id, p.title) for p in pages} == {(pages[0].id, title)}
        assert [p.markdown for p in pages[:3]] == [f"# {title}\n\n", "It", " adds\n`a`"]
        assert [p.done for p in pages] == [False] * (len(pages) - 1) + [True]
        assert pages[-1].markdown == f"# {title}\n\nIt adds\n`a` and `b`.\n"
        assert editor.shown == []


async def test_a_growing_page_ends_where_the_answer_fails(script):
    async with running_editor(*script(chats=[""]), capabilities=PAGES) as editor:
        pages = await explained(editor)
        assert pages[-1].markdown is None
        assert "empty" in editor.messages[0].message


async def test_edits_are_confirmed_where_the_client_can_preview(script):
    async with running_editor(*script(chats=[FIXED]), capabilities=PAGES) as editor:
        editor.open(URI, TEXT)
        edit = (await fix_of(editor)).edit
        ((identifier, annotation),) = edit.change_annotations.items()
        assert annotation.needs_confirmation
        assert annotation.label == "Fix: a.py, lines 1-2"
        (change,) = edit.document_changes
        assert [one.annotation_id for one in change.edits] == [identifier]
        assert [one.new_text for one in change.edits] == ["def f(a, b):"]


async def test_edits_are_not_confirmed_where_the_user_does_not_want_it(script):
    options = {"actions": {"confirm_edits": False}}
    async with running_editor(
        *script(chats=[FIXED]), capabilities=PAGES, options=options
    ) as editor:
        editor.open(URI, TEXT)
        edit = (await fix_of(editor)).edit
        assert edit.change_annotations is None
        assert edit.document_changes[0].edits[0].new_text == "def f(a, b):"


async def test_three_tries_and_then_the_reason(script):
    async with running_editor(*script(chats=[""])) as editor:
        editor.open(URI, TEXT)
        assert (await fix_of(editor)).edit is None
        (message,) = editor.messages
        assert "empty" in message.message
        reports = [str(value.get("message")) for value in editor.progress]
        assert {report[:5] for report in reports if report.startswith("try")} == {"try 2", "try 3"}


async def test_the_same_question_gets_the_same_edit(script):
    async with running_editor(*script(chats=[FIXED])) as editor:
        editor.open(URI, TEXT)
        assert (await fix_of(editor)).edit == (await fix_of(editor)).edit
