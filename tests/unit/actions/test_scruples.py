"""Placeholders, and edits that were to change comments only."""

import pytest

from lsp_server.actions.scruples import changes_code, defined_again, loses_comments, placeholder_in
from lsp_server.context.languages import language_of
from lsp_server.context.syntax import parse_text


@pytest.mark.parametrize(
    "line",
    [
        "# <selection>",
        "// <selection>",
        "<selection>",
        "    # ... rest of the code ...",
        "# rest of your function",
        "// ... existing code ...",
        "# ... (previous code remains unchanged)",
        "# The remaining lines",
        "    ...",
        "# ...",
        "// …",
        "/* ... */",
        "# Your code here",
        "# Add your code here",
        "    # TODO: implement this",
        "# ... 12 more lines are left out here ...",
    ],
)
def test_a_placeholder(line):
    assert placeholder_in(["def f():", line], ["def f():", "    return 1"]) == line.strip()
    assert placeholder_in(["def f():", line], ["def f():", line]) == ""


@pytest.mark.parametrize(
    "line",
    [
        "# The sum of the other numbers",
        "# Skip the rest of the line",
        "rest = line[1:]",
        "x[...] = 1",
        "def f(*args): ...",
        "# Return the same list",
        "raise NotImplementedError",
        "<b>rest of the text</b> x",
    ],
)
def test_no_placeholder(line):
    assert placeholder_in([line], ["x = 1"]) == ""


@pytest.mark.parametrize(
    ("language", "before", "after", "changed"),
    [
        ("python", "def f(a):\n    return a", 'def f(a):\n    """A."""\n    return a', False),
        ("python", "def f(a):\n    return a", "def f(a):\n    # A\n    return a  # b", False),
        ("python", "def f(a):\n    pass", 'def f(a):\n    """A."""', False),
        ("python", 'def f(a):\n    "x"\n    return "y"', 'def f(a):\n    return "y"', False),
        ("python", "def f(a):\n    return a", "def f(a):\n    return b", True),
        ("python", "def f(a):\n    return 'a'", 'def f(a):\n    return "a"', True),
        ("python", "def f(a):\n    return a", "def f(a: int):\n    return a", True),
        ("javascript", "f(1);", "// One.\nf(1);", False),
        ("javascript", "f(1);", "/** One. */\nf(2);", True),
    ],
)
def test_changes_code(language, before, after, changed):
    known = language_of(language, "")
    assert changes_code(parse_text(known, before), parse_text(known, after)) is changed


@pytest.mark.parametrize(
    ("new", "outside", "name"),
    [
        (["def g():", "def f():"], ["def f():"], "f"),
        (["export async function f() {"], ["function f() {"], "f"),
        (["def g():", "    def f():"], ["def f():"], ""),
        (["def g():"], ["def f():"], ""),
        (["def own():"], ["def own():"], ""),
        (["f = 1", "default = 2"], ["def f():"], ""),
    ],
)
def test_what_the_file_has_is_not_defined_again(new, outside, name):
    assert defined_again(new, ["def own():"], outside) == name


@pytest.mark.parametrize(
    ("after", "loses"),
    [("# B\nf()  # c", False), ("f()  # b", True), ('"""B"""\nf()  # c', False), ("f()", True)],
)
def test_loses_comments(after, loses):
    python = language_of("python", "")
    assert loses_comments(parse_text(python, "# A\nf()  # b"), parse_text(python, after)) is loses
