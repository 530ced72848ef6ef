"""New code as the smallest edits of the place's lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.actions.edit import added_lines, line_edits, replaced_lines, without_surroundings
from lsp_server.actions.places import Place, selected_place
from lsp_server.documents import DocumentSnapshot, Edit, apply_edits
from tests.unit.actions.marked import marked


def place_of(text: str, language: str = "python") -> Place:
    place = selected_place(*marked(text, language))
    assert place is not None
    return place


def applied(place: Place, lines: list[str]) -> str:
    return apply_edits(place.snapshot.text, line_edits(place, lines))


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        pytest.param("a\n«b»\nc\n", "x", "a\nx\nc\n", id="a line"),
        pytest.param("«a»", "x", "x", id="no final line end"),
        pytest.param("«a\n»", "x\ny", "x\ny\n", id="final line end"),
        pytest.param("a\r\n«b\r\n»c\r\n", "x\ny", "a\r\nx\r\ny\r\nc\r\n", id="CRLF"),
        pytest.param("«a»\r\nb", "x\ny", "x\r\ny\r\nb", id="CRLF, one line selected"),
        pytest.param("a\rb\r«c»", "x\ny", "a\rb\rx\ry", id="CR"),
        pytest.param("a\nb\r\n«c\r\nd»\r\n", "c\nx\nd", "a\nb\r\nc\r\nx\r\nd\r\n", id="mixed"),
        pytest.param(
            "if a:\n\tif b:\n\t\t«c»\n",
            "if x:\n    y",
            "if a:\n\tif b:\n\t\tif x:\n\t\t\ty\n",
            id="tabs",
        ),
        pytest.param("«\n\na\n\n»b", "x", "\n\nx\n\nb", id="blank lines around stay"),
        pytest.param("«a\nb\nc»\nd", "a", "a\nd", id="lines removed at the end"),
        pytest.param("«a\nb\nc»\nd", "c", "c\nd", id="lines removed at the start"),
        pytest.param("«a\nb»", "x\na\nb\ny", "x\na\nb\ny", id="lines added at both ends"),
        pytest.param("\f\n«a\u2028b»\n", "x", "\f\nx\n", id="form feed and line separator"),
    ],
)
def test_replace(text, code, expected):
    place = place_of(text)
    assert applied(place, replaced_lines(place, code)) == expected


def test_only_changed_lines_are_edited():
    place = place_of("«def f(a):\n    b = a\n    c = b\n    return d\n»")
    new = ["def f(a):", "    b = a + 1", "    c = b", "    return c"]
    assert line_edits(place, new) == (
        Edit(10, 19, "    b = a + 1"),
        Edit(30, 42, "    return c"),
    )


def test_space_at_a_lines_end_is_no_change():
    assert line_edits(place_of("«a  \n  \nb»"), ["a", "", "b"]) == ()


LINES = st.lists(st.sampled_from(["a", "b", "  c", "", "}"]), min_size=1, max_size=8)


@given(
    before=LINES, old=LINES, new=LINES, after=LINES, newline=st.sampled_from(["\n", "\r\n", "\r"])
)
def test_the_edits_make_the_lines(before, old, new, after, newline):
    snapshot = DocumentSnapshot("file:///a", 1, "none", newline.join([*before, *old, *after]))
    place = Place(snapshot, len(before), len(before) + len(old) - 1)
    edits = line_edits(place, new)
    assert apply_edits(snapshot.text, edits) == newline.join([*before, *new, *after])
    assert all(place.start <= edit.start <= edit.end <= place.end for edit in edits)


@pytest.mark.parametrize(
    ("text", "code", "kept"),
    [
        pytest.param(
            "def f():\n    a = 1\n    «b = a»\n    return b\n",
            "def f():\n    a = 1\n    b = a + 1\n    return b",
            "    b = a + 1",
            id="whole function",
        ),
        pytest.param(
            "int f() {\n    int abc = 1;\n    «abc = 2;»\n}\n",
            "int f() {\n    int abc = 1;\n\n    abc = 3;\n}",
            "    abc = 3;",
            id="with its bracket",
        ),
        pytest.param("one()\n«two()»\n", "one()\ntwo(2)", "two(2)", id="the line before"),
        pytest.param("«two()»\nthree()\n", "two(2)\nthree()", "two(2)", id="the line after"),
        pytest.param(
            "one()\n«one()\ntwo()»\n", "one()\ntwo(2)", "one()\ntwo(2)", id="the place's own"
        ),
        pytest.param(
            "«if (a) {\n  b\n}»\n}\n", "if (a) {\n  c\n}", "if (a) {\n  c\n}", id="a bracket"
        ),
        pytest.param("one()\n«two()»\n", "one()", "one()", id="all of it"),
    ],
)
def test_without_surroundings(text, code, kept):
    assert without_surroundings(code, place_of(text)) == kept


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        pytest.param(
            "«# Sum a list.»\n",
            "def f(a):\n    return sum(a)",
            "# Sum a list.\ndef f(a):\n    return sum(a)\n",
            id="a comment",
        ),
        pytest.param(
            "«# Sum a list.»\n",
            "# Sum a list.\ndef f(a):\n    return sum(a)",
            "# Sum a list.\ndef f(a):\n    return sum(a)\n",
            id="a comment, repeated",
        ),
        pytest.param(
            "class A:\n    «# Sum it.»\n",
            "def f(self):\n    return 1",
            "class A:\n    # Sum it.\n    def f(self):\n        return 1\n",
            id="indented",
        ),
        pytest.param(
            "«def f(a):»\n",
            "def f(a):\n    return sum(a)",
            "def f(a):\n    return sum(a)\n",
            id="a signature",
        ),
        pytest.param(
            "«def f(a):»\n",
            "def f(a: list) -> int:\n    return sum(a)",
            "def f(a: list) -> int:\n    return sum(a)\n",
            id="a signature, changed",
        ),
        pytest.param(
            "«def f(a):»\n", "return sum(a)", "def f(a):\n    return sum(a)\n", id="only a body"
        ),
        pytest.param(
            "«# Sums.\ndef f(a):\n    pass»\n",
            "def f(a):\n    return sum(a)",
            "# Sums.\ndef f(a):\n    return sum(a)\n",
            id="comment and signature",
        ),
        pytest.param(
            "«@cache\ndef f(a):\n    ...»\n",
            "@cache\ndef f(a):\n    return f(a - 1)",
            "@cache\ndef f(a):\n    return f(a - 1)\n",
            id="decorated",
        ),
        pytest.param('«"""Sums."""»\n', "import a", '"""Sums."""\nimport a\n', id="a docstring"),
    ],
)
def test_add(text, code, expected):
    place = place_of(text)
    lines = added_lines(place, code, lambda line: line.lstrip().startswith("#"))
    assert applied(place, lines) == expected


def test_a_prototype_becomes_its_function():
    place = place_of("«/* Adds. */\nint add(int a, int b);»\n", "c")
    code = "#include <stdio.h>\n\nint add(int a, int b) {\n    return a + b;\n}"
    lines = added_lines(place, code, lambda line: line.lstrip().startswith(("//", "/*", "*")))
    assert applied(place, lines) == f"/* Adds. */\n{code}\n"
