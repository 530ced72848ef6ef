"""What became of a suggestion, by how the document goes on."""

import pytest

from lsp_server.documents import DocumentSnapshot, Edit
from lsp_server.statistics.offer import Offer, Outcome

GOOD = None


def at(marked: str, version: int = 1) -> tuple[DocumentSnapshot, int]:
    """A document and the offset of its ‸."""
    offset = marked.index("‸")
    return DocumentSnapshot("file:///a.py", version, "python", marked.replace("‸", "")), offset


def offer(marked: str, *texts: str, replaces: int = 0) -> Offer:
    snapshot, offset = at(marked)
    return Offer(snapshot, offset, [Edit(offset, offset + replaces, text) for text in texts])


@pytest.mark.parametrize(
    ("versions", "outcomes"),
    [
        # Taken as a whole, at once.
        (["a = max(values)\nb"], [Outcome.ACCEPTED]),
        # A word, a line, and then the rest of it.
        (["a = max(\nb", "a = max(values)\nb"], [GOOD, Outcome.ACCEPTED]),
        # A word, and then something else.
        (["a = max(\nb", "a = max(x\nb"], [GOOD, Outcome.PARTLY]),
        # Typed key by key as suggested, to the end.
        (
            [f"a = {'max(values)'[:n]}\nb" for n in range(1, 12)],
            [*[GOOD] * 10, Outcome.TYPED],
        ),
        # Typed, with the closers that an editor puts there.
        (["a = m\nb", "a = ma\nb", "a = max\nb", "a = max()\nb"], [GOOD] * 4),
        # Typed over, at once and after some letters.
        (["a = s\nb"], [Outcome.TYPED_OVER]),
        (["a = m\nb", "a = mi\nb"], [GOOD, Outcome.TYPED_OVER]),
        (["a = \n\nb"], [Outcome.TYPED_OVER]),
        # A letter typed and taken back.
        (["a = m\nb", "a = \nb", "a = max(values)\nb"], [GOOD, GOOD, Outcome.ACCEPTED]),
        # Changed elsewhere, or deleted.
        (["a =\nb"], [Outcome.DISMISSED]),
        (["x = \nb"], [Outcome.DISMISSED]),
        ([""], [Outcome.DISMISSED]),
    ],
)
def test_what_became_of_it(versions, outcomes):
    subject = offer("a = ‸\nb", "max(values)")
    found = [
        subject.change(DocumentSnapshot("file:///a.py", 2 + n, "python", text))
        for n, text in enumerate(versions)
    ]
    assert found == outcomes


def test_closers_that_it_replaces():
    subject = offer("f(‸)", "values)", replaces=1)
    assert subject.change(at("f(values)‸")[0]) is Outcome.ACCEPTED


def test_any_of_several():
    subject = offer("a = ‸\n", "max(values)", "sum(values)")
    assert subject.change(at("a = sum(‸\n")[0]) is GOOD
    assert subject.change(at("a = sum(values)‸\n")[0]) is Outcome.ACCEPTED


def test_what_is_left_of_it_is_the_same_suggestion():
    subject = offer("a = ‸\n", "max(values)")
    subject.change(at("a = max(‸\n")[0])
    snapshot, offset = at("a = max(‸\n", 2)
    assert subject.goes_on_with(snapshot, offset, [Edit(offset, offset, "values)")])
    assert subject.change(at("a = max(values)‸\n", 3)[0]) is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("marked", "text"), [("a = max‸\n", "imum"), ("a = ‸\n", "min"), ("c = ‸\n", "max(values)")]
)
def test_another_suggestion_does_not_go_on(marked, text):
    subject = offer("a = ‸\n", "max(values)")
    snapshot, offset = at(marked, 2)
    assert not subject.goes_on_with(snapshot, offset, [Edit(offset, offset, text)])
