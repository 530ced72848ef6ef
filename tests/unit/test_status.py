"""One word that is true: the first of several that could be said."""

import asyncio

import pytest

from lsp_server.engine.protocol import Condition, Phase
from lsp_server.status import Status


@pytest.mark.parametrize(
    ("phase", "enabled", "word"),
    [
        (Phase.LOADING, True, "loading"),
        (Phase.LOADING, False, "loading"),
        (Phase.READY, True, "ready"),
        (Phase.READY, False, "off"),
        (Phase.GONE, True, "gone"),
        (Phase.FAILED, False, "failed"),
    ],
)
def test_the_word_of_a_phase(phase, enabled, word):
    status = Status()
    status.set(Condition(phase))
    assert status.word(enabled) == word


async def test_thinking_is_said_while_it_lasts_and_each_change_is_told():
    status, told = Status(), asyncio.Queue()
    status.set(Condition(Phase.READY))
    status.observers.append(lambda: told.put_nowait(status.word(True)))
    async with status.thinking():
        assert await told.get() == "thinking"
        async with status.thinking():
            assert await told.get() == "thinking"
        assert await told.get() == "thinking"
    assert await told.get() == "ready"


async def test_what_is_answered_at_once_is_not_worth_a_word():
    status, told = Status(), []
    status.set(Condition(Phase.READY))
    status.observers.append(lambda: told.append(status.word(True)))
    async with status.thinking():
        pass
    assert told == []


async def test_a_dead_engine_is_not_thinking():
    status, told = Status(), asyncio.Queue()
    status.observers.append(lambda: told.put_nowait(status.word(True)))
    async with status.thinking():
        assert await told.get() == "loading"
