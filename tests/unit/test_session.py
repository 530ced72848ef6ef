"""Superseding, and the engine that is being started."""

import asyncio

import pytest

from lsp_server.config import Config
from lsp_server.engine.double import ScriptedEngine
from lsp_server.session import Newest, Session


async def test_the_newer_supersedes_the_older():
    newest = Newest()
    hangs = asyncio.ensure_future(newest.run("a", _forever()))
    await asyncio.sleep(0)
    assert await newest.run("a", _value(2)) == 2
    assert await hangs is None


async def test_keys_do_not_disturb_each_other():
    newest = Newest()
    hangs = asyncio.ensure_future(newest.run("a", _forever()))
    await asyncio.sleep(0)
    assert await newest.run("b", _value(2)) == 2
    assert not hangs.done()
    hangs.cancel()


async def test_cancelling_the_caller_cancels_the_work():
    newest = Newest()
    ended = asyncio.Event()
    caller = asyncio.ensure_future(newest.run("a", _forever(ended)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()


async def test_errors_come_through():
    async def fails() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Newest().run("a", fails())


async def _value(value: int) -> int:
    return value


async def _forever(ended: asyncio.Event | None = None) -> int:
    try:
        return await asyncio.get_running_loop().create_future()
    finally:
        if ended:
            ended.set()


async def test_an_engine_whose_start_was_asked_for_is_waited_for():
    engine = ScriptedEngine()
    session = Session(Config(), lambda config: engine)
    asked_for = asyncio.Event()

    async def load() -> None:
        await asked_for.wait()  # the editor is told first
        await session.start_engine()

    session.loading = asyncio.ensure_future(load())
    waiting = asyncio.ensure_future(session.begun_engine())
    await asyncio.sleep(0)
    assert not waiting.done()
    asked_for.set()
    assert await waiting is engine


async def test_an_engine_that_can_not_be_begun_is_none():
    session = Session(Config(), lambda config: ScriptedEngine())

    async def fails() -> None:
        raise OSError

    session.loading = asyncio.ensure_future(fails())
    assert await session.begun_engine() is None
    assert session.loading.exception()
    session.loading = None
    assert await session.begun_engine() is None
