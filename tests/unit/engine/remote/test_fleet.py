"""docs/scaling's files with the real nginx, HAProxy and llama-servers, where they are there."""

import asyncio
import shutil

import httpx
import pytest

from benchmarks import peer
from benchmarks.scaling.fleet import KEY, Kind, Member, balancer, fleet, llama_server
from benchmarks.scaling.typists import figures, type_all
from tests.scripted_server import as_json, serving

OPTIONS = ("--ctx-size", "2048", "--parallel", "2", "--threads", "1")


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
async def test_a_session_keeps_its_server_and_nobody_notices_one_that_dies(name, tiny_path):
    if peer.program("llama-server") is None:
        pytest.skip("llama-server is not built: `make llama-server`")
    if not (shutil.which(name) or shutil.which(name, path="/usr/sbin")):
        pytest.skip(f"{name} is not installed: `apt-get install {name}`")
    async with (
        fleet(llama_server(tiny_path, *OPTIONS), 3) as members,
        balancer(name, members) as url,
    ):
        before = figures(await type_all("llama-server", url, 2, 3, 0.01, asyncio.Event()))
        members[0].kill()
        after = figures(await type_all("llama-server", url, 4, 2, 0.01, asyncio.Event()))
    assert before["of the prompt from the cache"] > 0.9
    assert (before["failed"], after["failed"]) == (0, 0)


async def test_nginx_guards_all_of_vllm_but_its_health():
    if not (shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")):
        pytest.skip("nginx is not installed: `apt-get install nginx`")
    good = as_json({})
    asked = ["/version", "/tokenize", "/v1/models", "/v1/completions", "/v1/chat/completions"]
    replies = {path: [good] for path in (*asked, "/health", "/inference/v1/abort_requests")}
    key = {"Authorization": f"Bearer {KEY}"}
    async with serving(replies) as there:
        kind = Kind((), {}, "", "nginx-vllm.conf")
        member = Member(kind, int(there.url.rpartition(":")[2]), None)
        async with (
            balancer("nginx", [member]) as url,
            httpx.AsyncClient(base_url=url, trust_env=False) as http,
        ):
            for path in asked:
                assert (await http.get(path)).status_code == 401
                assert (await http.get(path, headers={"Authorization": "Bearer x"})).json() == {
                    "error": "Unauthorized"
                }
                assert (await http.get(path, headers=key)).json() == {}
            assert (await http.get("/inference/v1/abort_requests", headers=key)).status_code == 404
        assert {one.path for one in there.asked} == {*asked, "/health"}
