"""What stands open, from text alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.context.brackets import Opened, scan, still_open
from lsp_server.context.languages import LANGUAGES

BY_NAME = {language.name: language for language in LANGUAGES}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("python", "f(a[1], {", ")}"),
        ("python", "f(')', \"]\"", ")"),
        ("python", "f(  # )", ")\n"),
        ("python", 'x = "a\\"(', '"'),
        ("python", 'x = "a(\ny = (', ")"),
        ("python", "def f():\n    '''don't (", "'''"),
        ("python", '"""a""" + f(', ")"),
        ("python", 'f(""', ")"),
        ("typescript", "f(`a\n${b(`", ")"),
        ("typescript", "f(`a\n(", ")`"),
        ("typescript", "{ // (\n (", "})"),
        ("c", "f('(', /* ( */ g[", ")]"),
        ("c", "/* (", "*/"),
        ("rust", "fn f<'a>(x: &'a [u8", ")]"),
        ("lua", "f( --[[ ( ]] {", ")}"),
        ("bash", "echo $# (", ")"),
        ("", "don't (", ")"),
        ("", "{ ( }", ""),
    ],
)
def test_what_stands_open(name, text, expected):
    assert "".join(one.closer for one in still_open(text, BY_NAME.get(name))) == expected


def opened(*closers: str) -> tuple[Opened, ...]:
    return tuple(Opened(closer) for closer in closers)


def test_what_a_text_closes_of_what_stood_open():
    found = scan('b") + c]', BY_NAME["python"], opened("}", "]", ")", ")", '"'))
    assert [(one.level, one.start) for one in found.closed] == [(4, 1), (3, 2), (1, 7)]
    assert found.skipped == {2}


def test_a_line_end_ends_a_string_without_closing_it():
    found = scan("b\n)", BY_NAME["python"], opened(")", '"'))
    assert found.skipped == {1}
    assert [one.level for one in found.closed] == [0]


def test_a_closer_belongs_to_the_line_of_its_indentation():
    waiting = still_open("if (a) {\n  if (b) {\n    f(\n", BY_NAME["c"])
    found = scan("\n}\n", BY_NAME["c"], waiting)
    assert [one.level for one in found.closed] == [0]
    assert found.skipped == {1, 2}


def test_closers_of_nothing_are_stray():
    assert scan("a) }", None).stray == (1, 3)


def test_a_parenthesis_does_not_close_over_a_brace():
    found = scan(")", None, opened(")", "}"))
    assert (found.closed, found.stray) == ((), (0,))


@given(st.sampled_from([None, *LANGUAGES]), st.text(alphabet="(){}[]\"'`#/*-\\\n a", max_size=60))
def test_any_text_is_scanned(language, text):
    found = scan(text, language, opened(")", "}"))
    assert all(0 <= one.at < len(text) for one in found.opened)
    assert all(text[one.start : one.end] in ")}" for one in found.closed)
