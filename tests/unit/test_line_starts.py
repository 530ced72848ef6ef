"""Line starts kept through edits are those of the new text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server import line_starts
from lsp_server.line_starts import LineStarts

texts = st.text(alphabet="ab\r\n\x0c\u2028😀", max_size=60)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(line_starts, "_BLOCK", 3)


def expected(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\r\n|\r|\n", text))]


def check(starts: LineStarts, text: str) -> None:
    wanted = expected(text)
    assert list(starts) == wanted
    assert [starts[n] for n in range(len(starts))] == wanted
    assert (starts[-1], starts[1:], starts[2:7]) == (wanted[-1], wanted[1:], wanted[2:7])
    assert starts[::-1] == wanted[::-1]
    lines = [starts.line_of(offset) for offset in range(len(text) + 1)]
    assert lines == [sum(start <= o for start in wanted) - 1 for o in range(len(text) + 1)]


@given(texts, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), texts), max_size=6))
def test_edits_keep_them_right(text, edits):
    original = text
    first = starts = LineStarts.of(text)
    check(starts, text)
    for place, length, new in edits:
        start = int(place * len(text))
        end = min(len(text), start + length)
        text = text[:start] + new + text[end:]
        starts = starts.edited(text, start, end)
        check(starts, text)
    head, tail = starts.shared(first)
    assert text[:head] == original[:head]
    assert text[len(text) - tail :] == original[len(original) - tail :]
    assert head + tail <= min(len(text), len(original))


def test_an_edit_in_a_long_text_leaves_most_of_it_shared():
    text = "line\n" * 30
    starts = LineStarts.of(text)
    assert starts.edited(text[:75] + "x" + text[75:], 75, 75).shared(starts) == (60, 60)
    assert starts.shared(LineStarts.of(text)) == (0, 0)


@pytest.mark.parametrize(
    ("text", "start", "end", "new"),
    [
        ("a\r\nb", 2, 2, "x"),  # parts a line end
        ("a\rb\nc", 2, 3, ""),  # joins one
        ("a\rb\rc\rd", 2, 2, "\n"),
        ("a\n\n\nb", 4, 4, "\n"),
        ("", 0, 0, "\r\n"),
    ],
)
def test_line_ends_are_parted_and_joined(text, start, end, new):
    changed = text[:start] + new + text[end:]
    check(LineStarts.of(text).edited(changed, start, end), changed)


def test_there_is_no_line_past_the_last():
    with pytest.raises(IndexError):
        LineStarts.of("a\nb")[2]
