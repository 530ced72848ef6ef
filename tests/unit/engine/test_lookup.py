"""Guessing what is copied: what is guessed, and that answers are those without guesses."""

import pytest

from lsp_server.engine.llama.lookup import Lookup
from tests.unit.engine.conftest import chat, collect, idle, text_of

COPIED = "one two three four five six seven eight nine ten " * 3


def test_what_came_after_the_same_words_is_guessed():
    lookup = Lookup([1, 2, 3, 4, 5, 6, 7, 1, 2, 3])
    assert lookup.guess(6) == [4]
    lookup.learn(1, 1)
    assert lookup.guess(6) == [4, 5]
    assert lookup.guess(1) == [4]
    assert lookup.guess(0) == []


def test_after_words_that_are_new_nothing_is():
    assert Lookup([1, 2, 3, 4, 5, 9, 2, 3]).guess(6) == []
    assert Lookup([]).guess(6) == []


def test_the_latest_place_counts():
    assert Lookup([1, 2, 3, 4, 0, 1, 2, 3, 5, 0, 1, 2, 3]).guess(6) == [5]


def test_after_a_wrong_guess_fewer_are_made():
    lookup = Lookup([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3])
    for right in (1, 2, 4):
        lookup.learn(right, right)
    assert len(lookup.guess(6)) == 6
    lookup.learn(6, 2)
    assert lookup.guess(6) == [4, 5]
    lookup.learn(2, 0)
    assert lookup.guess(6) == [4]


@pytest.mark.parametrize("max_tokens", [1, 2, 7, 8, 40])
async def test_an_answer_is_the_one_without_guesses(start, max_tokens):
    engine = start()
    plain, last = await collect(engine.chat(chat(COPIED, max_tokens)))
    guessed, also = await collect(engine.chat(chat(COPIED, max_tokens, copies=True)))
    assert guessed == plain
    assert also.usage.generated_tokens == last.usage.generated_tokens
    assert also.finish is last.finish
    assert await idle(engine)


async def test_what_was_guessed_wrong_is_not_in_the_cache(start):
    """The same prompt and more of it are answered as by an engine that has read nothing before."""
    engine, fresh = start(), start()
    await text_of(engine.chat(chat(COPIED, 40, copies=True)))
    later = chat(COPIED + "and so on", 20)
    assert await text_of(engine.chat(later)) == await text_of(fresh.chat(later))


async def test_fewer_decodes_are_needed(start, gate):
    """A tiny random model goes round in circles, which are easy to guess."""
    engine = start()
    await text_of(engine.chat(chat(COPIED, 60)))
    alone = len(gate.decodes)
    gate.decodes.clear()
    await text_of(engine.chat(chat(COPIED, 60, copies=True)))
    assert len(gate.decodes) < alone
