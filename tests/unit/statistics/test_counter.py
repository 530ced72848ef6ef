"""Counts of what is shown and what became of it, by language and trigger."""

from collections import Counter

import pytest

from lsp_server.documents import DocumentSnapshot, DocumentStore, Edit
from lsp_server.statistics.counter import OutcomeCounter

A, B = "file:///a.py", "file:///b.rs"


class Desk:
    """A document store that is counted, and what was written of it."""

    def __init__(self):
        self.written = Counter()
        self.counter = OutcomeCounter(self.written.update)
        self.store = DocumentStore()
        self.store.observers.append(self.counter)
        for uri, language in ((A, "python"), (B, "rust")):
            self.store.open(DocumentSnapshot(uri, 1, language, "a = \n"))

    def show(self, uri, *texts, trigger="typing"):
        snapshot = self.store.get(uri)
        offset = len(snapshot.text) - 1
        return self.counter.show(
            snapshot, offset, [Edit(offset, offset, t) for t in texts], trigger
        )

    def type(self, uri, text):
        snapshot = self.store.get(uri)
        offset = len(snapshot.text) - 1
        self.store.edit(uri, snapshot.version + 1, Edit(offset, offset, text))

    async def counts(self):
        await self.counter.close()
        return dict(self.written)


@pytest.fixture
async def desk():
    return Desk()


async def test_each_outcome_once(desk):
    desk.show(A, "max(values)")
    desk.type(A, "max(values)")
    desk.show(A, " + 1", trigger="invoked")
    desk.type(A, ";")
    desk.show(B, "None")
    assert await desk.counts() == {
        ("python", "typing", "shown"): 1,
        ("python", "typing", "accepted"): 1,
        ("python", "invoked", "shown"): 1,
        ("python", "invoked", "typed over"): 1,
        ("rust", "typing", "shown"): 1,
        ("rust", "typing", "dismissed"): 1,
    }


async def test_what_is_left_is_not_shown_anew(desk):
    number = desk.show(A, "max(values)")
    desk.type(A, "max(")
    assert desk.show(A, "values)") == number
    desk.type(A, "values)")
    assert await desk.counts() == {
        ("python", "typing", "shown"): 1,
        ("python", "typing", "accepted"): 1,
    }


async def test_another_suggestion_ends_the_one_before(desk):
    desk.show(A, "one")
    desk.show(A, "other")
    desk.store.close(A)
    counts = await desk.counts()
    assert counts == {("python", "typing", "shown"): 2, ("python", "typing", "dismissed"): 2}


@pytest.mark.parametrize("told_first", [True, False])
async def test_the_editor_says_that_it_was_accepted(desk, told_first):
    """Before or after the change comes; what is short looks typed, but the editor knows."""
    number = desk.show(A, "ab")
    if told_first:
        desk.counter.accepted(number)
    desk.type(A, "ab")
    desk.counter.accepted(number)
    counts = await desk.counts()
    assert counts == {("python", "typing", "shown"): 1, ("python", "typing", "accepted"): 1}


async def test_the_editor_says_that_a_word_was_accepted(desk):
    number = desk.show(A, "ab(values)")
    desk.type(A, "ab")
    desk.counter.accepted(number, partly=True)
    desk.type(A, "x")
    counts = await desk.counts()
    assert counts == {("python", "typing", "shown"): 1, ("python", "typing", "partly accepted"): 1}


async def test_an_unknown_number_counts_for_nothing(desk):
    desk.counter.accepted(99)
    desk.counter.accepted(99, partly=True)
    assert await desk.counts() == {}
