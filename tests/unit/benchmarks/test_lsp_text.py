"""Positions and edits as the benchmark's editor makes them. `‸` is the cursor, `«»` the range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from benchmarks.lsp_text import accept, offset_at, position_at

TEXTS = st.text(st.sampled_from("ab\r\n\u2028é😀"), max_size=12)


@pytest.mark.parametrize(
    ("marked", "line", "character"),
    [
        ("‸", 0, 0),
        ("ab‸", 0, 2),
        ("a\nb‸c", 1, 1),
        ("a\r\nb‸", 1, 1),
        ("a\rb‸", 1, 1),
        ("a\u2028b‸", 0, 3),
        ("é‸", 0, 1),
        ("😀‸", 0, 2),
        ("\n\n‸", 2, 0),
    ],
)
def test_positions_are_the_protocols(marked, line, character):
    text, offset = marked.replace("‸", ""), marked.index("‸")
    assert position_at(text, offset) == types.Position(line, character)
    assert offset_at(text, types.Position(line, character)) == offset


@given(TEXTS, st.data())
def test_a_position_leads_back(text, data):
    offset = data.draw(st.integers(0, len(text)))
    if text[max(0, offset - 1) : offset + 1] != "\r\n":  # between the two is no position
        assert offset_at(text, position_at(text, offset)) == offset


@pytest.mark.parametrize(
    ("marked", "new", "expected"),
    [
        ("f(«»)", "a", "f(a)"),
        ("f(«)»", "a)", "f(a)"),
        ("😀 «)»\nb", "é)", "😀 é)\nb"),
        ("a\r\n«»\r\nb", "x\r\ny", "a\r\nx\r\ny\r\nb"),
        ("a«\nb»c", "", "ac"),
    ],
)
def test_a_suggestion_replaces_its_range_exactly(marked, new, expected):
    text = marked.replace("«", "").replace("»", "")
    start, end = marked.index("«"), marked.index("»") - 1
    item = types.InlineCompletionItem(
        new, range=types.Range(position_at(text, start), position_at(text, end))
    )
    assert accept(text, item) == expected


@pytest.mark.parametrize(("line", "character"), [(0, 3), (2, 0)])
def test_a_position_that_is_not_there_is_a_mistake(line, character):
    with pytest.raises(ValueError, match=r"there is no line|has no column"):
        offset_at("ab\nc", types.Position(line, character))
