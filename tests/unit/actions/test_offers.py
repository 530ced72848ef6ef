"""What the menu offers."""

import pytest

from lsp_server.actions.offers import Diagnostic, offers
from lsp_server.actions.templates import load_templates
from tests.unit.actions.marked import marked

TEMPLATES = load_templates()
SELECTION = [
    "Document",
    "Explain",
    "Fix",
    "Generate",
    "Simplify",
    "Write tests",
    "Translate comments",
]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("«a = b»", SELECTION),
        ("a‸ = b", []),
        ("«   \n»", []),
        ("‸", []),
        ("# Sum‸ a list\nx", ["Generate", "Translate comments"]),
    ],
)
def test_titles(text, titles):
    assert [offer.title for offer in offers(TEMPLATES, *marked(text), [])] == titles


def test_a_fix_for_each_diagnostic_in_range_and_one_for_the_selection():
    snapshot, start, end = marked("«a = b»\nc = d\n")
    inside = Diagnostic(4, 5, "undefined\n name 'b'", "pyflakes", "F821")
    long = Diagnostic(0, 1, "x" * 100)
    outside = Diagnostic(10, 11, "undefined name 'd'")
    found = offers(TEMPLATES, snapshot, start, end, [inside, inside, long, outside])
    fixes = [offer for offer in found if offer.action == "fix"]
    assert [fix.title for fix in fixes] == [
        "Fix: undefined name 'b'",
        f"Fix: {'x' * 59}…",
        "Fix all 2 problems",
    ]
    assert [fix.kind for fix in fixes] == ["quickfix"] * 3
    assert [(fix.start, fix.end) for fix in fixes] == [(4, 5), (0, 1), (0, 5)]
    assert fixes[2].diagnostics == (inside, long)


def test_a_diagnostic_at_the_cursor_is_offered_without_a_selection():
    snapshot, start, end = marked("a = b‸\n")
    found = offers(TEMPLATES, snapshot, start, end, [Diagnostic(4, 5, "undefined")])
    assert [offer.title for offer in found] == ["Fix: undefined"]


def test_generate_takes_the_whole_comment_at_the_cursor():
    snapshot, start, end = marked("x = 1\n# Sum\n# a li‸st\ny = 2\n")
    offer = offers(TEMPLATES, snapshot, start, end, [])[0]
    assert snapshot.text[offer.start : offer.end] == "# Sum\n# a list"


def test_no_comment_is_known_without_a_grammar():
    snapshot, start, end = marked("# a‸\n", "plaintext")
    assert offers(TEMPLATES, snapshot, start, end, []) == []


def test_all_problems_at_the_cursor_in_one():
    snapshot, start, end = marked("a = ‸b\nc = d\n")
    first, second = Diagnostic(0, 5, "one"), Diagnostic(4, 5, "two")
    found = offers(TEMPLATES, snapshot, start, end, [first, second, Diagnostic(10, 11, "three")])
    assert [offer.title for offer in found] == ["Fix: one", "Fix: two", "Fix all 2 problems"]
    assert (found[2].start, found[2].end, found[2].diagnostics) == (0, 5, (first, second))


def own(folder, name, applies, languages=""):
    more = f"languages: {languages}\n" if languages else ""
    (folder / f"{name}.md").write_text(
        f"---\ntitle: {name}\nkind: refactor\napplies: {applies}\nproduces: edit\n{more}---\nx\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("text", "language", "titles"),
    [
        ("«a»", "python", ["any", "py", "snakes"]),
        ("«a»", "javascript", ["any", "js"]),
        ("«a»", "javascriptreact", ["any", "js"]),
        ("«a»", "plaintext", ["any"]),
        ("«a»", "Fortran", ["any", "old"]),
        ("a\n  ‸\n", "python", ["empty"]),
        ("a\n«  »\n", "python", []),
        ("a‸\n", "python", []),
    ],
)
def test_languages_and_empty_lines(tmp_path, text, language, titles):
    own(tmp_path, "any", "selection")
    own(tmp_path, "empty", "empty-line")
    own(tmp_path, "js", "selection", "javascript")
    own(tmp_path, "old", "selection", "[fortran, cobol]")
    own(tmp_path, "py", "selection", "python")
    own(tmp_path, "snakes", "[selection, comment]", "[Python, ruby]")
    templates = load_templates(tmp_path)
    snapshot, start, end = marked(text, language)
    assert [offer.title for offer in offers(templates, snapshot, start, end, [])] == titles
