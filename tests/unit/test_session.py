"""Superseding."""

import asyncio

import pytest

from lsp_server.session import Newest


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
