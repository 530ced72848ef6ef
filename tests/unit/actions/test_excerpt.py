"""Selections too long to be shown whole, and what they refer to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.actions.excerpt import definitions_used, excerpt
from tests.unit.actions.marked import marked

FUNCTIONS = "".join(
    f"def f{n}(a):\n" + "".join(f"    b{i} = a\n" for i in range(5)) + "\n" for n in range(4)
)


def characters(texts):
    return [len(text) for text in texts]


def shown(text: str, budget: int, language: str = "python") -> str:
    snapshot, start, end = marked(text, language)
    return excerpt(snapshot, start, end, budget, characters)


def test_what_fits_is_whole():
    assert shown(f"x = 1\n«{FUNCTIONS}»y = 2\n", 1000) == FUNCTIONS


def test_the_bodies_of_the_last_functions_go_first():
    text = shown(f"x = 1\n«{FUNCTIONS}»y = 2\n", 200)
    assert len(text) <= 200
    assert "def f0(a):\n    b0 = a\n" in text
    assert "def f3(a):\n    ...\n" in text
    assert "y = 2" not in text


def test_methods_are_functions_too():
    body = "        return 1\n" * 9
    text = shown(f"«class A:\n    def f(self):\n{body}\n    def g(self):\n{body}»", 100)
    assert text.startswith("class A:\n    def f(self):\n        ...\n")
    assert "def g(self):\n        ..." in text


def test_without_a_grammar_the_first_lines():
    assert shown("«one\ntwo\nthree\n»", 9, "plaintext") == "one\ntwo\n"
    assert shown("«onetwothree»", 9, "plaintext") == ""


@given(st.text(alphabet="def f():\n é👩x", max_size=200), st.integers(0, 100))
def test_the_budget_is_kept(code, budget):
    assert len(shown(f"«{code}»", budget)) <= budget


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("def area(w, h):\n    return w * h\n\n\n«area(1)»\n", ["def area(w, h)"]),
        ("def area(w, h):\n    return w * h\n\n\n«volume(1)»\n", []),
        ("«def area(w):\n    return area(w)»\n", []),
        (
            "class A(B):\n    def f(self):\n        pass\n\n\n«A().f()»\n",
            ["class A(B)\n    def f(self)"],
        ),
        (
            "class A:\n    def g(self):\n        pass\n\n\ndef h():\n    A()\n\n\n«a.g(h)»\n",
            ["def g(self)", "def h()"],
        ),
        # A slip of the pen stands for what it is nearly; what stands in the file does not.
        ("def parse_line(s):\n    pass\n\n\n«parse_lines(s)»\n", ["def parse_line(s)"]),
        ("def parse_line(s):\n    pass\n\n\nparse_lines = 1\n«parse_lines(s)»\n", []),
        ("@cached\ndef f(\n    a,\n    b,\n):\n    return 1\n\n\n«f(1)»\n", ["def f( a, b, )"]),
    ],
)
def test_definitions_used(text, heads):
    snapshot, start, end = marked(text)
    found = definitions_used(snapshot, snapshot.line_of(start), snapshot.line_of(end))
    assert found == heads


def test_definitions_used_in_braces():
    snapshot, *_ = marked("function f(a) {\n  return a;\n}\n«f(1);»\n", "javascript")
    assert definitions_used(snapshot, 3, 3) == ["function f(a)"]
