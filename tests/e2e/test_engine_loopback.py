"""The resident engine on a port of this machine, as on Windows: only who has its token is heard,
and only the engine hears the token."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psutil
import pytest

from tests.e2e.editor import running_editor
from tests.e2e.resident import (
    TEXT,
    URI,
    addresses,
    bearer,
    engine_has_ended,
    loaded_editor,
    statuses,
    use_engine,
    use_shared_engine,
)


@pytest.fixture(autouse=True)
def on_loopback(own_settings, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # where the engine's log is
    use_shared_engine("loopback")


async def test_two_that_start_at_once_end_with_one_and_nothing_is_left(script):
    arguments = script(infills=["12"])
    async with running_editor(*arguments) as one, running_editor(*arguments) as other:
        await asyncio.gather(one.until_loaded(), other.until_loaded())
        (status,) = await statuses()
        assert status["clients"] == 2
    await engine_has_ended()


async def test_strangers_are_refused(script):
    async with loaded_editor(script()):
        place = _place()
        url, right = f"http://127.0.0.1:{place['port']}", bearer(place["token"])
        rows = [
            ({}, 401),
            (bearer("guessed"), 401),
            (bearer(place["token"][:-1]), 401),
            ({"Authorization": place["token"]}, 401),
            ({**right, "Host": f"evil.example:{place['port']}"}, 400),
            ({**right, "Host": f"127.0.0.1.evil.example:{place['port']}"}, 400),
            ({"Host": "evil.example"}, 400),
            (right, 200),
            ({**right, "Host": f"localhost:{place['port']}"}, 200),
        ]
        async with httpx.AsyncClient(base_url=url) as client:
            for headers, expected in rows:
                for path in ("/status", "/health", "/v1/models"):
                    answer = await client.get(path, headers=headers)
                    assert answer.status_code == expected, (path, headers)
            for path in ("/shutdown", "/infill", "/v1/chat/completions"):
                assert (await client.post(path, json={})).status_code == 401
        (status,) = await statuses()  # it was not shut down
        assert status["state"] == "ready"


async def test_the_token_is_shown_to_nobody(script, tmp_path):
    async with loaded_editor(script(infills=["12"])) as editor:
        await editor.suggestion(URI, 0, 4)
        (path,) = addresses()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        token = _place()["token"]
        assert len(token) >= 32
        (status,) = await statuses()
        process = psutil.Process(status["pid"])
        told = [await _cli("status"), await _cli("status", "--json")]
        logs = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert logs
        told += [path.read_text(encoding="utf-8", errors="replace") for path in logs]
        for text in (*told, *process.cmdline(), *process.environ().values()):
            assert token not in text


async def test_status_and_stop(script):
    async with loaded_editor(script(infills=["12"])):
        (path,) = addresses()
        url = f"http://127.0.0.1:{_place()['port']}"
        assert f"listens   {url}, its token in {path}" in await _cli("status")
        (status,) = json.loads(await _cli("status", "--json"))
        assert (status["socket"], status["url"], status["token_file"]) == (None, url, str(path))
        assert await _cli("stop") == "Stopped 1.\n"
    await engine_has_ended()
    assert await _cli("status") == "No engine is running.\n"


async def test_it_is_an_engine_elsewhere_to_who_has_its_token(script, monkeypatch):
    """As where ssh brings its port to another machine (docs/scaling.md)."""
    async with loaded_editor(script(infills=["12"])):
        place = _place()
        monkeypatch.setenv("CODELLAMA_API_KEY", place["token"])
        use_engine(kind="llama-server", url=f"http://127.0.0.1:{place['port']}")
        async with loaded_editor(()) as elsewhere:
            assert (await elsewhere.suggestion(URI, 0, 4)).insert_text == "12"


async def test_an_engine_that_is_terminated_leaves_no_file(script):
    async with loaded_editor(script()):
        (status,) = await statuses()
        psutil.Process(status["pid"]).terminate()
        await engine_has_ended()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\ncodellama-proof: 00\r\ncontent-length: 0\r\n\r\n",
        b"not HTTP\r\n\r\n",
    ],
)
async def test_whoever_takes_a_dead_engines_port_learns_nothing(script, answer):
    async with loaded_editor(script(infills=["12"])) as editor:
        (path,), token = addresses(), _place()["token"]
        (status,) = await statuses()
        async with _listening(answer) as (port, heard):
            # The system may keep a dead process's port for a minute, so it is another one here.
            path.write_text(json.dumps({"port": port, "token": token}), encoding="utf-8")
            os.kill(status["pid"], signal.SIGKILL)
            assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"
            assert editor.messages == []
        assert heard
        everything = b"".join(heard).decode()
        assert token not in everything
        assert json.dumps(TEXT)[1:-1] not in everything
        assert {request.split(b" ")[1] for request in heard} == {b"/health"}


async def test_an_address_file_that_no_engine_wrote_is_written_anew(script):
    async with loaded_editor(script()):
        (path,) = addresses()
        await _cli("stop")
    await engine_has_ended()
    path.write_text("not JSON", encoding="utf-8")
    async with loaded_editor(script(infills=["12"])) as editor:
        assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"
        assert addresses() == [path]


def _place() -> dict[str, Any]:
    (path,) = addresses()
    place: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return place


@asynccontextmanager
async def _listening(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Someone else on a port; gives the port and what they are sent."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(2**16))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def _cli(*arguments: str) -> str:
    command = [sys.executable, "-m", "lsp_server", "engine", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()
