"""Snapshots, lines and edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.documents import DocumentSnapshot, DocumentStore, Edit, apply_edits


def snapshot(text: str) -> DocumentSnapshot:
    return DocumentSnapshot("file:///a.py", 1, "python", text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\n", ["a", "b", "c", ""]),
        ("a\x0cb\u2028c\x85d\x1ce", ["a\x0cb\u2028c\x85d\x1ce"]),
        ("\r\n\r\n", ["", "", ""]),
    ],
)
def test_lines_end_where_the_protocol_says(text, lines):
    document = snapshot(text)
    assert [document.line(i) for i in range(document.line_count)] == lines


@given(st.text(alphabet="ab\r\n\x0c\u2028😀"), st.data())
def test_every_offset_is_on_its_line(text, data):
    document = snapshot(text)
    offset = data.draw(st.integers(0, len(text)))
    line = document.line_of(offset)
    assert document.line_starts[line] <= offset
    assert line + 1 == document.line_count or offset < document.line_starts[line + 1]


@pytest.mark.parametrize(("text", "newline"), [("a", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r")])
def test_the_newline_is_the_first_one(text, newline):
    assert snapshot(text).newline == newline


def test_edits_apply_in_any_order():
    edits = [Edit(4, 5, "E"), Edit(0, 1, "AA"), Edit(2, 2, "+")]
    assert apply_edits("abcde", edits) == "AAb+cdE"
    assert apply_edits("abcde", reversed(edits)) == "AAb+cdE"


def test_a_changed_document_is_not_current():
    store = DocumentStore()
    store.open(snapshot("a"))
    old = store.get("file:///a.py")
    assert old is not None
    assert store.is_current(old)
    store.edit("file:///a.py", 2, Edit(0, 1, "b"))
    assert not store.is_current(old)
    assert store.get("file:///a.py") == DocumentSnapshot("file:///a.py", 2, "python", "b")
    store.close("file:///a.py")
    assert store.get("file:///a.py") is None


@given(st.text(alphabet="ab\r\n😀"), st.text(alphabet="ab\r\n😀"), st.data())
def test_an_edit_keeps_what_is_known_of_the_lines(text, new, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    store = DocumentStore()
    store.open(snapshot(text))
    old = store.get("file:///a.py")
    assert old.line_count
    store.edit("file:///a.py", 2, Edit(start, end, new))
    edited = store.get("file:///a.py")
    assert (edited.version, edited.text) == (2, apply_edits(text, [Edit(start, end, new)]))
    assert edited.line_starts == snapshot(edited.text).line_starts
