"""Positions between the protocol's units and ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot, Edit, apply_edits

ENCODINGS = [
    types.PositionEncodingKind.Utf8,
    types.PositionEncodingKind.Utf16,
    types.PositionEncodingKind.Utf32,
]
# Lone surrogates come from editors that send half an emoji.
TEXTS = st.text(alphabet=st.sampled_from("ab é日😀👩‍💻\ud83d\udc69\t\r\n\x0c\u2028"))


def snapshot(text: str) -> DocumentSnapshot:
    return DocumentSnapshot("file:///a.py", 1, "python", text)


@pytest.mark.parametrize(
    ("encoding", "column", "before"),
    [
        ("utf-16", 0, ""),
        ("utf-16", 1, "a"),
        ("utf-16", 2, "a"),  # inside the emoji: its start
        ("utf-16", 3, "a😀"),
        ("utf-16", 4, "a😀b"),
        ("utf-16", 99, "a😀b"),
        ("utf-8", 5, "a😀"),
        ("utf-8", 3, "a"),
        ("utf-32", 2, "a😀"),
    ],
)
def test_columns(encoding, column, before):
    document = snapshot("x\na😀b\ny")
    offset = Positions(encoding).offset(document, types.Position(1, column))
    assert document.text[2:offset] == before


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(TEXTS, st.data())
def test_a_position_comes_back(encoding, text, data):
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if encoding == types.PositionEncodingKind.Utf8:
        text = text.encode("utf-8", "ignore").decode()
    document = snapshot(text)
    line = data.draw(st.integers(0, document.line_count - 1))
    column = data.draw(st.integers(0, len(document.line(line))))
    offset = document.line_starts[line] + column
    positions = Positions(encoding)
    assert positions.offset(document, positions.position(document, offset)) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(TEXTS, st.integers(0, 20), st.integers(0, 40))
def test_any_position_is_inside_the_document(encoding, text, line, column):
    text = text.encode("utf-8", "ignore").decode()
    offset = Positions(encoding).offset(snapshot(text), types.Position(line, column))
    assert 0 <= offset <= len(text)


def test_a_change_without_a_range_is_the_whole_text():
    change = types.TextDocumentContentChangeWholeDocument("new")
    assert Positions().edit(snapshot("old"), change) == Edit(0, 3, "new")


def test_a_change_replaces_its_range():
    range_ = types.Range(types.Position(0, 3), types.Position(1, 1))
    change = types.TextDocumentContentChangePartial(range=range_, text="-")
    edit = Positions().edit(snapshot("😀ab\ncd"), change)
    assert apply_edits("😀ab\ncd", [edit]) == "😀a-d"
