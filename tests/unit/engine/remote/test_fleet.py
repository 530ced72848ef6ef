"""docs/scaling's files with the real nginx, HAProxy and llama-servers, where they are there."""

import asyncio
import shutil

import pytest

from benchmarks import peer
from benchmarks.scaling.fleet import balancer, fleet
from benchmarks.scaling.typists import figures, type_all

OPTIONS = ("--ctx-size", "2048", "--parallel", "2", "--threads", "1")


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
async def test_a_session_keeps_its_server_and_nobody_notices_one_that_dies(name, tiny_path):
    if peer.program("llama-server") is None:
        pytest.skip("llama-server is not built: `make llama-server`")
    if not (shutil.which(name) or shutil.which(name, path="/usr/sbin")):
        pytest.skip(f"{name} is not installed: `apt-get install {name}`")
    async with (
        fleet(tiny_path, 3, *OPTIONS) as members,
        balancer(name, [member.port for member in members]) as url,
    ):
        before = figures(await type_all(url, 2, 3, 0.01, asyncio.Event()))
        members[0].kill()
        after = figures(await type_all(url, 4, 2, 0.01, asyncio.Event()))
    assert before["of the prompt from the cache"] > 0.9
    assert (before["failed"], after["failed"]) == (0, 0)
