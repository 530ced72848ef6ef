"""Edits of a document that changed meanwhile: put where they belong, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.actions.rebase import moved_line, rebased
from lsp_server.documents import DocumentSnapshot, Edit, apply_edits

OLD = "a = 1\nb = 2\nc = 3\nd = 4\n"


def snapshot(text: str, version: int = 1) -> DocumentSnapshot:
    return DocumentSnapshot("file:///a.py", version, "python", text)


@pytest.mark.parametrize(
    ("new", "line"),
    [
        pytest.param(OLD, 1, id="nothing changed"),
        pytest.param("x\n" + OLD, 2, id="a line above"),
        pytest.param(OLD.replace("a = 1\n", ""), 0, id="less above"),
        pytest.param(OLD + "e\n", 1, id="a line below"),
        pytest.param(OLD.replace("d = 4", "d = 5"), 1, id="changed below"),
        pytest.param("x\n" + OLD + "y\n", 2, id="above and below"),
        pytest.param("x\ny\n" + OLD.replace("d = 4", "e"), 3, id="above, and changed below"),
        pytest.param(OLD.replace("b = 2", "b = 20"), None, id="in it"),
        pytest.param(OLD.replace("c = 3\n", "c = 3 \n"), None, id="a space at its end"),
        pytest.param(OLD.replace("b = 2\n", "b = 2\n\n"), None, id="a line within"),
        pytest.param("", None, id="gone"),
        pytest.param("x\n" + OLD + "y\n" + OLD + "z", None, id="twice"),
        pytest.param(OLD.replace("\n", "\r\n"), None, id="other line ends"),
    ],
)
def test_moved_line(new, line):
    assert moved_line(snapshot(OLD), snapshot(new, 2), 1, 2) == line


def test_edits_move_with_their_lines():
    old, new = snapshot(OLD), snapshot("é👩‍💻\n" + OLD + "z", 2)
    edits = (Edit(6, 11, "b = 7"), Edit(17, 17, "\ncc = 3"))
    moved = rebased(edits, old, new, 1, 2)
    assert moved
    expected = "é👩‍💻\na = 1\nb = 7\nc = 3\ncc = 3\nd = 4\nz"
    assert apply_edits(new.text, moved) == expected
    assert rebased(edits, old, snapshot("b = 2\n", 2), 1, 2) is None


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "  a"]), max_size=6)


@given(LINES, LINES.filter(bool), LINES, LINES, LINES)
def test_edits_never_touch_other_lines(above, own, below, new_above, new_below):
    old = snapshot("\n".join([*above, *own, *below]))
    new = snapshot("\n".join([*new_above, *own, *new_below]), 2)
    first, last = len(above), len(above) + len(own) - 1
    start, end = old.line_starts[first], old.line_starts[last] + len(old.line(last))
    moved = rebased((Edit(start, end, "X"),), old, new, first, last)
    if moved:
        [edit] = moved
        assert new.text[edit.start : edit.end] == old.text[start:end]
        assert edit.start in new.line_starts
