"""Putting code at the indentation of its place."""

import pytest

from lsp_server.actions.indent import indent_unit, reindent


@pytest.mark.parametrize(
    ("code", "original", "unit", "expected"),
    [
        pytest.param(
            "if a:\n    b\n",
            "    if a:\n        c",
            "    ",
            "    if a:\n        b\n",
            id="dedented",
        ),
        pytest.param(
            "    if a:\n        b",
            "    if a:\n        c",
            "    ",
            "    if a:\n        b",
            id="in place",
        ),
        pytest.param(
            "if a:\n        b\n        c",
            "    if a:\n        c",
            "    ",
            "    if a:\n        b\n        c",
            id="only the first line dedented",
        ),
        pytest.param(
            "def f():\n        new\n",
            "    def f():\n        old",
            "    ",
            "    def f():\n        new\n",
            id="only the first, no line in common",
        ),
        pytest.param(
            "        if a:\n            b",
            "    if a:\n        c",
            "    ",
            "    if a:\n        b",
            id="too deep",
        ),
        pytest.param("if a:\n    b", "\tif a:\n\t\tc", "\t", "\tif a:\n\t\tb", id="spaces to tabs"),
        pytest.param(
            "if a:\n\tb",
            "    if a:\n        c",
            "    ",
            "    if a:\n        b",
            id="tabs to spaces",
        ),
        pytest.param(
            "f() {\n    a;\n    if (x) {\n        b;\n    }\n}",
            "  f() {\n  }",
            "  ",
            "  f() {\n    a;\n    if (x) {\n      b;\n    }\n  }",
            id="4 to 2",
        ),
        pytest.param(
            "f(a,\n    b)",
            "  f(a,\n      b)",
            "  ",
            "  f(a,\n      b)",
            id="a continuation that the original has, too",
        ),
        pytest.param(
            "x = '''\nleft\n'''",
            "    x = '''\nleft\n'''",
            "    ",
            "    x = '''\nleft\n'''",
            id="a string at the margin",
        ),
        pytest.param(
            "  a\n b\nc", "    x", "    ", "    a\n   b\n  c", id="further left than the first"
        ),
        pytest.param("a\n   \nb", "  x", "    ", "  a\n\n  b", id="blank lines are empty"),
        pytest.param("a", "", "    ", "a", id="no original"),
    ],
)
def test_reindent(code, original, unit, expected):
    assert "\n".join(reindent(code.split("\n"), original.split("\n"), unit)) == expected


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("a\n  b\n    c\n  d", "  "),
        ("a\n    b\n        c", "    "),
        ("a\n\tb\n\t\tc", "\t"),
        ("a\nb", "    "),
        ("", "    "),
        ("/**\n * x\n */\nf {\n  a\n}\ng {\n  b\n}", "  "),
    ],
)
def test_indent_unit(text, unit):
    assert indent_unit(text.split("\n")) == unit
