"""What changed between two versions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server import line_starts
from lsp_server.context.changed import changed_lines, changed_span
from lsp_server.documents import Edit
from tests.unit.context.marks import snapshot

texts = st.text(alphabet="ab\r\n", max_size=40)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(line_starts, "_BLOCK", 3)


def lines(document):
    return [
        document.text[s:e]
        for s, e in zip(document.line_starts, [*document.line_starts[1:], None], strict=True)
    ]


def check(old, new):
    start, old_end, new_end = changed_span(old, new)
    assert old.text[:start] == new.text[:start]
    assert old.text[old_end:] == new.text[new_end:]
    assert start <= min(old_end, new_end)
    first, old_last, new_last = changed_lines(old, new)
    assert first <= min(old_last, new_last)
    assert lines(old)[:first] == lines(new)[:first]
    assert lines(old)[old_last:] == lines(new)[new_last:]


@given(texts, texts)
def test_any_two_texts(old, new):
    check(snapshot(old), snapshot(new))


@given(texts, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), texts), max_size=4))
def test_a_text_and_what_edits_make_of_it(text, edits):
    old = new = snapshot(text)
    assert old.line_count
    for place, length, typed in edits:
        start = int(place * len(new.text))
        new = new.edited(2, Edit(start, min(len(new.text), start + length), typed))
        assert new.line_count
    check(old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", (3, 3, 3)),
        ("a\nb\nc\n", "a\nbx\nc\n", (1, 2, 2)),
        ("a\n \nc\n", "a\nfor\n\nc\n", (1, 2, 3)),
        ("a\nb\nc\n", "a\nc\n", (1, 3, 2)),
    ],
)
def test_changed_lines(old, new, expected):
    assert changed_lines(snapshot(old), snapshot(new)) == expected


def test_nothing_is_shared_with_a_stranger():
    old = snapshot("a" * 200_000 + "b" + "c" * 200_000)
    assert changed_span(old, replace(old, text=old.text.replace("b", "dd"))) == (
        200_000,
        200_001,
        200_002,
    )
