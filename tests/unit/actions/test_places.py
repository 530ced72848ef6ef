"""Which lines an action is about."""

import pytest

from lsp_server.actions.places import diagnostic_place, selected_place
from tests.unit.actions.marked import marked


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb«c»d\ne", ["bcd"]),
        ("a\n«b\n»c", ["b"]),
        ("a«\nb»", ["a", "b"]),
        ("a\n«\n\nb\n \n»c", ["b"]),
        ("a\nb‸\n", ["b"]),
        ("a\r\n«b\r\nc»\r\n", ["b", "c"]),
    ],
)
def test_a_selection_is_whole_lines(text, lines):
    place = selected_place(*marked(text))
    assert place is not None
    assert place.lines == lines
    assert place.snapshot.text[place.start : place.end].splitlines() == lines


@pytest.mark.parametrize("text", ["«»", "«\n\n»a", "a\n‸"])
def test_blank_lines_are_no_place(text):
    assert selected_place(*marked(text)) is None


@pytest.mark.parametrize(
    ("text", "language", "first", "last"),
    [
        pytest.param(
            "x = 1\n\ndef f():\n    a\n    return «b»\n\ny = 2\n", "python", 2, 4, id="function"
        ),
        pytest.param(
            "class A:\n    def f(self):\n        return «b»\n    c = 1\n",
            "python",
            1,
            2,
            id="method",
        ),
        pytest.param("class A:\n    b = «c»\n", "python", 0, 1, id="class"),
        pytest.param("a = [\n    1,\n    «b»,\n]\nc = 1\n", "python", 0, 3, id="statement"),
        pytest.param(
            "1\n2\n3\n4\n«5»\n6\n7\n8\n9\n", "python", 1, 7, id="lines around a short one"
        ),
        pytest.param("1\n2\n3\n4\n«5»\n6\n7\n8\n9\n", "text", 1, 7, id="no grammar"),
        pytest.param("int f(void) {\n  return «x»;\n}\nint y;\n", "c", 0, 2, id="C"),
        pytest.param("def f(:\n    return «b»\n", "python", 0, 1, id="broken code"),
        pytest.param("a\n«»", "python", 0, 0, id="at the end"),
    ],
)
def test_a_diagnostic_is_seen_in_its_definition(text, language, first, last):
    place = diagnostic_place(*marked(text, language))
    assert place is not None
    assert (place.first, place.last) == (first, last)


FUNCTION = "function f(a) {\n  return «a»;\n}\n"


@pytest.mark.parametrize(
    ("text", "language", "first_line"),
    [
        pytest.param(f"x;\n\n// The a.\n// All.\n{FUNCTION}", "javascript", "// The a."),
        pytest.param(f"x;\n/**\n * The a.\n */\nexport {FUNCTION}", "typescript", "/**"),
        pytest.param(f"// The a.\r\n{FUNCTION}", "javascript", "// The a.", id="CRLF"),
        pytest.param(
            "class A {\n  // b\n  m() {\n    return «b»;\n  }\n}\n", "javascript", "  // b"
        ),
        pytest.param(
            "# a\n\n# b\n@dec\ndef f():\n    return «a»\n", "python", "# b", id="decorated"
        ),
        pytest.param("/// a\n#[b]\nfn f() -> u8 {\n    «x»\n}\n", "rust", "/// a", id="attribute"),
        pytest.param("/* a\nb */\nint f(void) {\n  return «b»;\n}\n", "c", "/* a"),
        pytest.param(f"x; // one\n{FUNCTION}", "javascript", "function f(a) {", id="of a line"),
        pytest.param(f"// x\n\n{FUNCTION}", "javascript", "function f(a) {", id="blank line"),
        pytest.param("// x\n" * 30 + FUNCTION, "javascript", "function f(a) {", id="long"),
    ],
)
def test_a_function_is_seen_with_the_comment_above_it(text, language, first_line):
    place = diagnostic_place(*marked(text, language))
    assert place is not None
    assert place.lines[0] == first_line


def test_a_long_function_gives_its_statement():
    body = "".join(f"    a{n} = {n}\n" for n in range(100))
    text = f"def f():\n{body}    if a:\n        «b»\n        c\n{body}"
    place = diagnostic_place(*marked(text))
    assert place is not None
    assert [line.strip() for line in place.lines] == ["if a:", "b", "c"]
