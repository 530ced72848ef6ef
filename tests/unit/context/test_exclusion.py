"""Which files are left alone."""

import os
from pathlib import Path

import pytest

from lsp_server.config import Files
from lsp_server.context.exclusion import is_excluded, path_of


@pytest.mark.parametrize(
    ("name", "excluded"),
    [
        (".env", True),
        ("app/.env.local", True),
        ("keys/server.pem", True),
        (".ssh/config", True),
        (".aws/credentials", True),
        ("deploy/secrets.yaml", True),
        ("id_ed25519.pub", True),
        ("env.py", False),
        ("src/keys.py", False),
        ("src/secrets_test/a.py", False),
        ("environment/main.py", False),
    ],
)
def test_secrets_are_excluded_by_default(tmp_path, name, excluded):
    assert is_excluded((tmp_path / name).as_uri(), 10, Files()) is excluded


def repository(root: Path, **ignore_files: str) -> Path:
    (root / ".git").mkdir()
    for folder, text in ignore_files.items():
        path = root / folder if folder != "top" else root
        path.mkdir(exist_ok=True)
        (path / ".gitignore").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("name", "excluded"),
    [
        ("build/out.py", True),
        ("main.gen.py", True),
        ("src/kept.gen.py", False),
        ("src/local.py", True),
        ("local.py", False),
    ],
)
def test_gitignore_files_of_the_repository(tmp_path, name, excluded):
    root = repository(tmp_path, top="build/\n*.gen.py\n", src="!kept.gen.py\n/local.py\n")
    assert is_excluded((root / name).as_uri(), 10, Files()) is excluded
    assert not is_excluded((root / name).as_uri(), 10, Files(gitignore=False))


def test_a_gitignore_without_a_repository_says_nothing(tmp_path):
    (tmp_path / ".gitignore").write_text("*.py\n", encoding="utf-8")
    assert not is_excluded((tmp_path / "a.py").as_uri(), 10, Files())


def test_an_edited_gitignore_is_read_anew(tmp_path):
    root = repository(tmp_path, top="a.py\n")
    uri = (root / "b.py").as_uri()
    assert not is_excluded(uri, 10, Files())
    (root / ".gitignore").write_text("b.py\n", encoding="utf-8")
    os.utime(root / ".gitignore", ns=(1, 1))
    assert is_excluded(uri, 10, Files())


def test_patterns_and_size_of_the_settings(tmp_path):
    uri = (tmp_path / "vendor" / "a.py").as_uri()
    assert is_excluded(uri, 10, Files(exclude=["vendor/"]))
    assert not is_excluded(uri, 10, Files(exclude=[]))
    assert is_excluded(uri, 2049, Files(max_size_kb=2))
    assert not is_excluded(uri, 2048, Files(max_size_kb=2))
    assert not is_excluded(uri, 10**9, Files(max_size_kb=0))


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a%20b/c.py", "/a b/c.py"),
        ("file:///c%3A/a.py", "c:/a.py"),
        ("vscode-notebook-cell:/a/n.ipynb#X1", "/a/n.ipynb"),
        ("untitled:Untitled-1", None),
    ],
)
def test_path_of(uri, path):
    found = path_of(uri)
    assert (found and found.as_posix()) == path


def test_what_is_no_file_is_excluded_by_size_alone():
    assert not is_excluded("untitled:.env", 10, Files())
    assert is_excluded("untitled:a", 10**9, Files())
