"""Actions from several folders, live."""

import os
from pathlib import Path

from lsp_server.actions.folders import ActionFolders, user_actions, workspace_actions

FRONT = "---\ntitle: {title}\nkind: refactor\napplies: selection\nproduces: page\n---\n"
ASK = FRONT + "{{{{ selection }}}}\n"


def write(folder: Path, name: str, text: str, time: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(time, time))
    return path


def titles(folders: ActionFolders, *own: Path) -> dict[str, str]:
    return {name: action.title for name, action in folders.actions(own).items()}


def test_later_folders_add_and_override(tmp_path):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    write(shipped, "a.md", ASK.format(title="A"))
    write(shipped, "b.md", ASK.format(title="B"))
    write(own, "b.md", ASK.format(title="Own b"))
    write(own, "c.md", ASK.format(title="C"))
    write(own, ".hidden.md", "no action")
    write(own, "notes.txt", "no action")
    folders = ActionFolders(shipped)
    assert titles(folders) == {"a": "A", "b": "B"}
    assert titles(folders, own) == {"a": "A", "b": "Own b", "c": "C"}
    assert titles(folders, tmp_path / "none") == {"a": "A", "b": "B"}
    assert folders.take_problems() == []


def test_changed_new_and_removed_files_are_seen(tmp_path):
    folders = ActionFolders(tmp_path / "shipped")
    own = tmp_path / "own"
    path = write(own, "a.md", ASK.format(title="A"))
    assert titles(folders, own) == {"a": "A"}
    write(own, "a.md", ASK.format(title="Z"), time=2)
    write(own, "b.md", ASK.format(title="B"))
    assert titles(folders, own) == {"a": "Z", "b": "B"}
    path.unlink()
    assert titles(folders, own) == {"b": "B"}


def test_an_unchanged_file_is_read_once(tmp_path, monkeypatch):
    folders = ActionFolders(tmp_path / "shipped")
    own = tmp_path / "own"
    write(own, "a.md", ASK.format(title="A"))
    before = folders.actions([own])["a"]
    assert folders.actions([own])["a"] is before


def test_a_broken_file_is_told_once_and_the_others_go_on(tmp_path):
    folders = ActionFolders(tmp_path / "shipped")
    own = tmp_path / "own"
    write(own, "a.md", ASK.format(title="A"))
    write(own, "b.md", ASK.format(title="B") + "{{ selektion }}\n")
    assert titles(folders, own) == {"a": "A"}
    [problem] = folders.take_problems()
    assert "b.md, line 8: unknown variable 'selektion'" in problem.message
    assert titles(folders, own) == {"a": "A"}
    assert folders.take_problems() == []
    write(own, "b.md", ASK.format(title="B"), time=2)
    assert titles(folders, own) == {"a": "A", "b": "B"}


def test_a_broken_override_leaves_the_shipped_one(tmp_path):
    write(tmp_path / "shipped", "a.md", ASK.format(title="A"))
    write(tmp_path / "own", "a.md", "no front matter")
    assert titles(ActionFolders(tmp_path / "shipped"), tmp_path / "own") == {"a": "A"}


def test_a_workspace_needs_the_users_permission(tmp_path, monkeypatch):
    project, other = tmp_path / "project", tmp_path / "other"
    own = project / ".codellama" / "actions"
    assert workspace_actions([project], []) == []
    assert workspace_actions([project, other], [str(project)]) == [own]
    assert workspace_actions([project], [str(tmp_path)]) == []
    assert workspace_actions([project], [f"{project}/../project/"]) == [own]
    monkeypatch.chdir(tmp_path)
    assert workspace_actions([project], ["project"]) == []
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workspace_actions([project], ["~/project"]) == [own]


def test_a_link_to_an_allowed_folder_is_that_folder(tmp_path):
    project, link = tmp_path / "project", tmp_path / "link"
    project.mkdir()
    link.symlink_to(project)
    assert workspace_actions([link], [str(project)]) == [link / ".codellama" / "actions"]


def test_where_the_users_own_are(monkeypatch, tmp_path):
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(tmp_path))
    assert user_actions() == tmp_path
    monkeypatch.delenv("CODELLAMA_LSP_ACTIONS")
    assert user_actions().parts[-2:] == ("codellama-lsp", "actions")
