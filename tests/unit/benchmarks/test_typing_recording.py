"""What the signs of a recording stand for, and what each key makes of a document. `‸` is the
cursor, `«»` what a suggestion would replace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.typing.document import Document, Shown
from benchmarks.typing.recording import (
    PLACES,
    Accept,
    Arrive,
    Erase,
    Newline,
    Place,
    Think,
    Type,
    recorded,
    source,
    typed,
)


def document(marked: str) -> Document:
    return Document("a.py", marked.replace("‸", ""), marked.index("‸"))


def marked(document: Document) -> str:
    return document.text[: document.offset] + "‸" + document.text[document.offset :]


def test_signs_stand_for_events():
    assert list(typed("a⌫↵…→{x y}⇥{}b")) == [
        Type("a"),
        Erase(),
        Newline(),
        Think(),
        Accept(word=True, otherwise="x y"),
        Accept(word=False, otherwise=""),
        Type("b"),
    ]


@given(st.text(st.characters(exclude_characters="↵⌫…⇥→\n"), max_size=20))
def test_any_other_character_is_a_key(text):
    assert "".join(event.text for event in typed(text)) == text


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("ab‸c", Type("x"), "abx‸c"),
        ("ab‸c", Erase(), "a‸c"),
        ("    a‸b", Newline(), "    a\n    ‸b"),
        ("  if a:‸", Newline(), "  if a:\n      ‸"),
        ("a = ‸\n", Accept(False, "1"), "a = 1‸\n"),
    ],
)
def test_what_a_key_makes_of_a_document(before, key, after):
    assert marked(document(before).after(key, None)) == after


@pytest.mark.parametrize(
    ("before", "text", "word", "after"),
    [
        ("f(‸«»)", "a, b", False, "f(a, b‸)"),
        ("f(‸«)»\n", "a, b)", False, "f(a, b)‸\n"),
        ("f(‸«)»\n", "a, b)", True, "f(a,‸)\n"),
        ("x ‸«»", " = 1", True, "x  =‸"),
        ("«ab‸»", "abc d", True, "abc‸"),
        ("x‸«»", "", True, "x‸"),
    ],
)
def test_accepted_text_becomes_the_document(before, text, word, after):
    plain = before.replace("«", "").replace("»", "")
    start = before.replace("‸", "").index("«")
    end = before.replace("‸", "").replace("«", "").index("»")
    shown = Shown(start, end, text)
    assert marked(document(plain).after(Accept(word, "?"), shown)) == after


@pytest.mark.parametrize(
    ("how", "after"), [("retype", "a\n  ‸\nc\n"), ("after", "a\n  b = 1‸\nc\n")]
)
def test_the_cursor_comes_to_a_line(how, after):
    place = Place("a.py", how, "b = 1", "")
    assert marked(document("a\n  b = 1\nc‸\n").at(place)) == after


def test_a_line_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="no line 'z'"):
        document("a‸").at(Place("a.py", "after", "z", ""))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.at)
def test_every_place_is_in_its_file(place):
    text = source(place.file)
    assert Document(place.file, text, 0).at(place).offset > 0


def test_at_most_so_many_keys_a_place():
    events = list(recorded(3))
    assert sum(isinstance(event, Arrive) for event in events) == len(PLACES)
    assert sum(not isinstance(event, Arrive | Think) for event in events) == 3 * len(PLACES)
