"""The file that says where an engine listens, the door that asks for its token, and the client that
asks for a proof first."""

import asyncio
import socket
import stat
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from lsp_server.engine import loopback
from lsp_server.engine.address import Address
from lsp_server.engine.host.door import guarded
from lsp_server.engine.host.listen import listening
from lsp_server.engine.loopback import CHALLENGE, PROOF, Place, proof_of, read_place, write_place
from lsp_server.engine.shared.connection import TokenAuth, client_of
from lsp_server.errors import EngineError, EngineGone

PLACE = Place(1234, "the-token")


def test_what_is_written_is_read_by_its_user_alone(tmp_path):
    write_place(tmp_path / "engine.port", PLACE)
    assert read_place(tmp_path / "engine.port") == PLACE
    assert stat.S_IMODE((tmp_path / "engine.port").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["engine.port"]


def test_a_planted_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "engine.port").symlink_to(tmp_path / "victim")
    write_place(tmp_path / "engine.port", PLACE)
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (tmp_path / "engine.port").is_symlink()


def test_a_file_that_a_client_has_open_is_replaced_a_little_later(tmp_path, monkeypatch):
    """Windows refuses it until then."""
    refusals, pauses, replace = 2, [], Path.replace

    def held(self, target):
        if len(pauses) < refusals:
            raise PermissionError
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr(loopback.time, "sleep", pauses.append)
    write_place(tmp_path / "engine.port", PLACE)
    assert read_place(tmp_path / "engine.port") == PLACE
    refusals, pauses[:] = 100, []
    with pytest.raises(PermissionError):
        write_place(tmp_path / "engine.port", PLACE)
    assert [path.name for path in tmp_path.iterdir()] == ["engine.port"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"port": 1}', '{"port": "x", "token": "t"}', "\udcff"]
)
def test_nothing_that_an_engine_wrote(tmp_path, text):
    (tmp_path / "engine.port").write_bytes(text.encode(errors="surrogateescape"))
    assert read_place(tmp_path / "engine.port") is None
    with pytest.raises(EngineGone):
        client_of(Address(tmp_path / "engine.port"))


def test_a_file_that_others_may_write_is_not_believed(tmp_path):
    write_place(tmp_path / "engine.port", PLACE)
    (tmp_path / "engine.port").chmod(0o666)
    with pytest.raises(EngineError, match="someone else"):
        client_of(Address(tmp_path / "engine.port"))


def test_tokens_and_challenges_are_never_the_same():
    assert len({loopback.new_token() for _ in range(100)}) == 100
    assert len({loopback.new_challenge() for _ in range(100)}) == 100


async def _hello(request):
    return JSONResponse({"hello": request.url.path})


def _engine(token):
    app = Starlette(routes=[Route("/{path:path}", _hello, methods=["GET", "POST"])])
    return httpx.ASGITransport(guarded(app, token))


async def test_an_engine_proves_that_it_knows_the_token_and_gives_nothing_else():
    async with httpx.AsyncClient(transport=_engine("t"), base_url="http://127.0.0.1") as client:
        answer = await client.get("/x", headers={CHALLENGE: "c"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers[PROOF] == proof_of("t", "c") != proof_of("t", "d")
    assert "hello" not in answer.text


class Recorded(httpx.AsyncBaseTransport):
    """An engine, and what it was asked."""

    def __init__(self, token):
        self.requests = []
        self._engine = _engine(token)

    async def handle_async_request(self, request):
        self.requests.append(request)
        return await self._engine.handle_async_request(request)


async def test_the_proof_is_asked_for_once():
    engine = Recorded(PLACE.token)
    async with httpx.AsyncClient(transport=engine, auth=TokenAuth(PLACE)) as client:
        for _ in range(2):
            answer = await client.post(f"{PLACE.url}/x", json={"code": "secret"})
            assert answer.json() == {"hello": "/x"}
    assert [(r.method, r.url.path) for r in engine.requests] == [
        ("GET", "/health"),
        ("POST", "/x"),
        ("POST", "/x"),
    ]
    assert "authorization" not in engine.requests[0].headers


async def test_another_engine_gets_neither_token_nor_text():
    other = Recorded("another-token")
    async with httpx.AsyncClient(transport=other, auth=TokenAuth(PLACE)) as client:
        with pytest.raises(EngineGone, match="Something else"):
            await client.post(f"{PLACE.url}/x", json={"code": "secret"})
    assert [r.url.path for r in other.requests] == ["/health"]


async def test_answers_are_not_held_back(tmp_path):
    """Nagle's algorithm would wait for the other side, which waits too."""
    served = asyncio.get_running_loop().create_future()

    def serve(_, writer):
        connection = writer.get_extra_info("socket")
        served.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listening(Address(tmp_path / "engine.port")) as (listener, _):
        async with await asyncio.start_server(serve, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await asyncio.wait_for(served, 60)
            writer.close()


def test_nobody_else_binds_the_port_on_windows(monkeypatch, tmp_path):
    """Windows lets another process bind the same port unless it is asked not to."""
    options = []

    class Socket(socket.socket):
        def setsockopt(self, *args):
            options.append(args)

    monkeypatch.setattr(sys, "platform", "win32")
    listen = "lsp_server.engine.host.listen.socket"
    monkeypatch.setattr(f"{listen}.SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr(f"{listen}.socket", Socket)
    with listening(Address(tmp_path / "engine.port")) as (listener, token):
        place = read_place(tmp_path / "engine.port")
        assert place == Place(listener.getsockname()[1], token)
        assert listener.getsockname()[0] == "127.0.0.1"
        assert options[0][1:] == (-5, 1)
    assert list(tmp_path.iterdir()) == []
