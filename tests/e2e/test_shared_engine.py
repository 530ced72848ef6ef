"""The resident engine: real server processes and a real engine process, which answers from the
engine double's script."""

import asyncio
import contextlib
import fcntl
import os
import signal
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import psutil
import pytest
import yaml
from lsprotocol import types

from tests.e2e.editor import WITH_EVERYTHING, Editor, running_editor

URI = "file:///project/a.py"
TEXT = "x = \n"


@pytest.fixture(autouse=True)
def shared(own_settings: None) -> None:
    """The engine is a process of its own and leaves as soon as nobody is there."""
    settings = {"engine": {"kind": "shared", "keep_alive": 0}}
    Path(os.environ["CODELLAMA_LSP_CONFIG"]).write_text(yaml.safe_dump(settings))


async def test_ten_windows_share_one_engine(script):
    arguments = script(infills=["1"])
    async with contextlib.AsyncExitStack() as stack:
        editors = await asyncio.gather(
            *(stack.enter_async_context(running_editor(*arguments)) for _ in range(10))
        )
        for editor in editors:
            await editor.until_loaded()
            editor.open(URI, TEXT)
            assert (await editor.suggestion(URI, 0, 4)).insert_text == "1"
        (status,) = await _statuses()
        assert status["clients"] == 10
        assert status["models"] == {"infill": "double", "instruct": "double"}
    await _engine_has_ended()


async def test_the_socket_is_the_users_alone(script):
    async with _loaded_editor(script(infills=["1"])):
        (socket,) = _sockets()
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700


async def test_a_killed_engine_comes_back_and_nobody_notices(script):
    async with _loaded_editor(script(infills=["1"])) as editor:
        (status,) = await _statuses()
        os.kill(status["pid"], signal.SIGKILL)
        assert (await editor.suggestion(URI, 0, 4)).insert_text == "1"
        (after,) = await _statuses()
        assert after["pid"] != status["pid"]
        assert editor.messages == []


async def test_a_request_that_the_engine_dies_over_is_asked_once_more(script):
    arguments = script(infills=[{"text": "one", "stall": True}])
    async with _loaded_editor(arguments) as editor:
        asked = editor.complete(URI, 0, 4)
        await _until(lambda: _requests_are(1))
        script(infills=["one more"])  # what the next engine reads
        (status,) = await _statuses()
        os.kill(status["pid"], signal.SIGKILL)
        result = await asyncio.wait_for(asked, 60)
        assert result.items[0].insert_text == "one more"


async def test_an_engine_that_keeps_dying_is_told_once_and_the_server_lives(script):
    watches = attrs.evolve(WITH_EVERYTHING, experimental={"codellama": {"status": True}})
    arguments = script(infills=[{"text": "one", "die": True}])
    async with _loaded_editor(arguments, watches) as editor:
        for _ in range(3):
            assert await asyncio.wait_for(editor.complete(URI, 0, 4), 60) is None
        (message,) = editor.messages
        assert "The engine died twice" in message.message
        status = editor.statuses[-1]
        assert status["state"] == "failed"
        assert "left alone" in status["message"]


async def test_a_closed_editor_cancels_its_request(script):
    arguments = script(infills=[{"text": "one", "stall": True}])
    async with _loaded_editor(arguments), running_editor(*arguments) as second:
        await second.until_loaded()
        second.open(URI, TEXT)
        asked = second.complete(URI, 0, 4)
        await _until(lambda: _requests_are(1))
        asked.cancel()
        process = second.client._server
        assert process
        process.kill()
        await _until(lambda: _requests_are(0))
        (status,) = await _statuses()
        assert status["clients"] == 1
        second.ended = True


async def test_other_tools_can_ask(script):
    answers = {"infills": ["one two"], "chats": ["Hello there."]}
    async with _loaded_editor(script(**answers)), _http() as http:
        models = (await http.get("/v1/models")).json()
        assert models["data"][0]["id"] == "double"
        chat = {"messages": [{"role": "user", "content": "Hi"}]}
        answer = (await http.post("/v1/chat/completions", json=chat)).json()
        assert answer["choices"][0]["message"] == {"role": "assistant", "content": "Hello there."}
        # What llama.vim sends, unknown keys and all.
        body = {
            "input_prefix": "def f():\n",
            "prompt": "    ret",
            "input_suffix": "\n",
            "n_predict": 8,
            "t_max_prompt_ms": 500,
            "input_extra": [],
            "cache_prompt": True,
        }
        answer = (await http.post("/infill", json=body)).json()
        assert answer["content"] == "one two"
        assert answer["stop"] is True
        stream = (await http.post("/infill", json={**body, "stream": True})).text
        assert stream.startswith('data: {"index": 0, "content": "one", "stop": false}\n\n')


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/infill", {"n_predict": "many"}),
        ("/infill", {"input_prefix": 3}),
        ("/infill", {"temperature": "hot"}),
        ("/v1/chat/completions", {"messages": []}),
        ("/v1/chat/completions", {"messages": [{"role": "robot", "content": "x"}]}),
        ("/infill", [1]),
    ],
)
async def test_a_bad_request_is_refused_with_a_reason(script, path, body):
    async with _loaded_editor(script()), _http() as http:
        answer = await http.post(path, json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


async def test_a_server_is_light(script):
    async with _loaded_editor(script(infills=["1"])) as editor:
        await editor.suggestion(URI, 0, 4)
        process = editor.client._server
        assert process
        assert psutil.Process(process.pid).memory_info().rss < 120 * 2**20


@asynccontextmanager
async def _loaded_editor(
    arguments: tuple[str, str], capabilities: types.ClientCapabilities = WITH_EVERYTHING
) -> AsyncIterator[Editor]:
    async with running_editor(*arguments, capabilities=capabilities) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        yield editor


def _sockets() -> list[Path]:
    return list((Path(os.environ["XDG_RUNTIME_DIR"]) / "codellama-lsp").glob("*.sock"))


@asynccontextmanager
async def _http() -> AsyncIterator[httpx.AsyncClient]:
    (socket,) = _sockets()
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        yield client


async def _statuses() -> list[dict[str, Any]]:
    async with _http() as http:
        return [(await http.get("/status")).json()]


async def _requests_are(count: int) -> bool:
    (status,) = await _statuses()
    return status["requests"] == count


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask the engine until it says so; the test's own time limit is the deadline."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - it is another process that changes
            await asyncio.sleep(0.02)


async def _engine_has_ended() -> None:
    """An engine holds its lock as long as it lives."""
    (lock,) = (Path(os.environ["XDG_RUNTIME_DIR"]) / "codellama-lsp").glob("*.lock")

    def wait() -> None:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)

    await asyncio.wait_for(asyncio.to_thread(wait), 60)
    assert _sockets() == []


async def test_an_engine_that_dies_while_loading_comes_back_smaller(script):
    arguments = script(never_ready=True)
    async with running_editor(*arguments) as editor:
        await _until(_engine_is_loading)
        script(infills=["1"])  # what the next engine reads
        (status,) = await _statuses()
        os.kill(status["pid"], signal.SIGKILL)
        await editor.until_loaded()
        (message,) = editor.messages
        assert "died while it loaded" in message.message
        assert "n_ctx is 2048" in message.message


async def _engine_is_loading() -> bool:
    try:
        (status,) = await _statuses()
    except (ValueError, httpx.HTTPError):
        return False
    return status["state"] == "loading" and status["clients"] == 1
