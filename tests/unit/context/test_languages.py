import pytest

from lsp_server.context.languages import LANGUAGES, language_of


@pytest.mark.parametrize(
    ("language_id", "uri", "name"),
    [
        ("python", "untitled:Untitled-1", "python"),
        ("javascriptreact", "file:///a", "javascript"),
        ("typescriptreact", "file:///a.tsx", "tsx"),
        ("Shellscript", "file:///run", "bash"),
        ("", "file:///src/a.HPP", "cpp"),
        ("unknown", "file:///a%20b.rs?query#L3", "rust"),
        ("unknown", "vscode-notebook-cell:/a.py#X12", "python"),
        ("plaintext", "file:///a.py", None),
        ("unknown", "file:///folder.py/Makefile", None),
        ("unknown", "", None),
        ("jsonc", "file:///settings", "json"),
        ("", "file:///build.gradle.kts", "kotlin"),
    ],
)
def test_language_of(language_id, uri, name):
    found = language_of(language_id, uri)
    assert (found and found.name) == name


def test_no_id_or_extension_belongs_to_two_languages():
    ids = [key for language in LANGUAGES for key in language.ids]
    extensions = [key for language in LANGUAGES for key in language.extensions]
    assert len(ids) == len(set(ids))
    assert len(extensions) == len(set(extensions))


def test_a_grammar_is_loaded_once():
    assert LANGUAGES[0].grammar() is LANGUAGES[0].grammar()


@pytest.mark.parametrize(("name", "line"), [("python", "# a"), ("html", "<!-- a -->")])
def test_comment_line(name, line):
    assert language_of(name, "").comment_line("a") == line
