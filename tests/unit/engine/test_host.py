"""The engine's HTTP, asked wrongly: a reason, not a crash."""

import httpx
import pytest

from lsp_server.engine.double import ScriptedEngine
from lsp_server.engine.host.app import create_app
from lsp_server.engine.host.clients import Clients


@pytest.fixture
async def http():
    clients = Clients(60, lambda: None)
    app, _ = create_app(ScriptedEngine(), clients, lambda: None)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://engine"
    ) as client:
        yield client
    clients._stop_waiting()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"content": 3}, "a text or a list of texts"),
        ({"content": ["x", 3]}, "a text or a list of texts"),
        ({"content": {"x": 1}}, "a text or a list of texts"),
        ({"content": "x", "role": "robot"}, "infill or instruct"),
        ({"content": "x", "role": ["infill"]}, "infill or instruct"),
        ([], "a JSON object"),
    ],
)
async def test_bad_texts_to_count(http, body, reason):
    answer = await http.post("/tokenize", json=body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]["message"]


async def test_whoever_waits_is_told_to_the_engine():
    engine = ScriptedEngine()
    app, _ = create_app(engine, Clients(60, lambda: None), lambda: None)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        assert (await client.post("/hasten", json={"background": "a"})).json() == {}
    assert engine.hastened == ["a"]


async def test_texts_are_counted(http):
    assert (await http.post("/tokenize", json={"content": "abc"})).json() == {"counts": [1]}
    body = {"content": ["abc", "abcdef"], "role": "instruct"}
    assert (await http.post("/tokenize", json=body)).json() == {"counts": [1, 2]}
