"""The nearest lines, and that they stay of use while some lines are written."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_server.context.nearby import nearby_window
from lsp_server.documents import DocumentSnapshot

LINES = [f"line {i}\n" for i in range(100)]


def count(texts):
    """A word is a token."""
    return [len(text.split()) for text in texts]


def document(text):
    return DocumentSnapshot("file:///a.py", 1, "python", text)


def at_line(number, typed=""):
    before = "".join(LINES[:number]) + typed
    return document(before + "\n" + "".join(LINES[number:])), len(before)


def test_lines_around_the_cursor():
    window = nearby_window(*at_line(50, "x = "), 40, count)
    assert window.prefix == "".join(LINES[40:50]) + "x = "  # 14 lines fit, from the 40th on
    assert window.suffix == "\n" + "".join(LINES[50:55])


def test_a_short_file_is_shown_whole():
    text = "a\nb\nc\n"
    window = nearby_window(document(text), 3, 40, count)
    assert window.prefix + window.suffix == text


def test_what_is_written_is_added_to_what_was_shown():
    first = nearby_window(*at_line(50), 40, count)
    snapshot, offset = at_line(50, "new 1\nnew 2\nnew")
    then = nearby_window(snapshot, offset, 40, count)
    assert then.suffix == first.suffix
    assert then.prefix == first.prefix + "new 1\nnew 2\nnew"


def test_a_line_that_is_too_long_is_cut():
    text = "word " * 10_000
    window = nearby_window(document(text), 25_000, 40, count)
    assert text[:25_000].endswith(window.prefix)
    assert text[25_000:].startswith(window.suffix)
    assert sum(count([window.prefix, window.suffix])) <= 40


@given(st.text("ab \n", max_size=200), st.integers(0, 210), st.integers(0, 60))
def test_it_touches_the_cursor_and_keeps_to_the_budget(text, offset, budget):
    window = nearby_window(document(text), offset, budget, count)
    offset = min(offset, len(text))
    assert text[:offset].endswith(window.prefix)
    assert text[offset:].startswith(window.suffix)
    assert sum(count([window.prefix, window.suffix])) <= max(budget, 0) + 1
