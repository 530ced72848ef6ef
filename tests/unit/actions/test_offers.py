"""What the menu offers."""

import pytest

from lsp_server.actions.offers import Diagnostic, offers
from lsp_server.actions.templates import load_templates
from tests.unit.actions.marked import marked

TEMPLATES = load_templates()


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("«a = b»", ["Explain", "Fix", "Generate"]),
        ("a‸ = b", []),
        ("«   \n»", []),
        ("‸", []),
        ("# Sum‸ a list\nx", ["Generate"]),
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
        "Fix",
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
    [offer] = offers(TEMPLATES, snapshot, start, end, [])
    assert snapshot.text[offer.start : offer.end] == "# Sum\n# a list"


def test_no_comment_is_known_without_a_grammar():
    snapshot, start, end = marked("# a‸\n", "plaintext")
    assert offers(TEMPLATES, snapshot, start, end, []) == []
