"""Asking again after the engine died: what was given is not given twice."""

import pytest

from lsp_server.engine.again import without_start
from lsp_server.engine.protocol import Chunk, Finish
from lsp_server.engine.shared import engine as shared
from lsp_server.engine.shared.engine import Deaths
from lsp_server.errors import EngineGone


async def _stream(*texts):
    for text in texts:
        yield Chunk(text)
    yield Chunk("", Finish.STOP)


@pytest.mark.parametrize(
    ("given", "again", "rest"),
    [
        ("", ["a", "b"], "ab"),
        ("a", ["a", "b"], "b"),
        ("ab", ["a", "bc", "d"], "cd"),
        ("abc", ["a", "b", "c"], ""),
    ],
)
async def test_only_what_is_new_is_given(given, again, rest):
    assert "".join([c.text async for c in without_start(_stream(*again), {0: given})]) == rest


async def test_another_answer_is_not_mixed_in():
    with pytest.raises(EngineGone):
        [chunk async for chunk in without_start(_stream("a", "x"), {0: "ab"})]


async def test_alternatives_are_told_apart():
    async def again():
        for index, text in [(0, "ab"), (2, "x"), (1, "c"), (0, "d"), (2, "yz")]:
            yield Chunk(text, index=index)

    new = [(c.index, c.text) async for c in without_start(again(), {0: "a", 2: "xy"}) if c.text]
    assert new == [(0, "b"), (1, "c"), (0, "d"), (2, "z")]


async def test_restarts_wait_longer_each_time_and_end(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(shared.asyncio, "sleep", sleep)
    deaths = Deaths()
    for _ in shared._BACK_OFF:
        await deaths.back_off()
        deaths.count()
    assert waits == sorted(waits)
    assert waits == list(shared._BACK_OFF)
    with pytest.raises(EngineGone, match="left alone"):
        await deaths.back_off()
