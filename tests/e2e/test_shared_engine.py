"""The resident engine: real server processes and a real engine process, which answers from the
engine double's script."""

import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
from pathlib import Path

import attrs
import httpx
import psutil
import pytest

from tests.e2e.editor import WITH_EVERYTHING, running_editor
from tests.e2e.resident import (
    TEXT,
    URI,
    addresses,
    engine_has_ended,
    http,
    loaded_editor,
    requests_are,
    statuses,
    until,
    use_shared_engine,
)


@pytest.fixture(autouse=True)
def shared(own_settings: None, request: pytest.FixtureRequest) -> None:
    use_shared_engine(getattr(request, "param", "auto"))


over_both = pytest.mark.parametrize("shared", ["socket", "loopback"], indirect=True)


async def test_ten_windows_share_one_engine(script):
    arguments = script(infills=["12"])
    async with contextlib.AsyncExitStack() as stack:
        editors = await asyncio.gather(
            *(stack.enter_async_context(running_editor(*arguments)) for _ in range(10))
        )
        for editor in editors:
            await editor.until_loaded()
            editor.open(URI, TEXT)
            assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"
        (status,) = await statuses()
        assert status["clients"] == 10
        assert status["models"] == {"infill": "double", "instruct": "double"}
    await engine_has_ended()


async def test_the_socket_is_the_users_alone(script):
    async with loaded_editor(script(infills=["12"])):
        (socket,) = addresses()
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700


@over_both
async def test_a_killed_engine_comes_back_and_nobody_notices(script):
    async with loaded_editor(script(infills=["12"])) as editor:
        (status,) = await statuses()
        os.kill(status["pid"], signal.SIGKILL)
        assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"
        (after,) = await statuses()
        assert after["pid"] != status["pid"]
        assert editor.messages == []


@over_both
async def test_a_request_that_the_engine_dies_over_is_asked_once_more(script):
    arguments = script(infills=[{"text": "one", "stall": True}])
    async with loaded_editor(arguments) as editor:
        asked = editor.complete(URI, 0, 4)
        await until(lambda: requests_are(1))
        script(infills=["one more"])  # what the next engine reads
        (status,) = await statuses()
        os.kill(status["pid"], signal.SIGKILL)
        result = await asyncio.wait_for(asked, 60)
        assert result.items[0].insert_text == "one more"


async def test_an_engine_that_keeps_dying_is_told_once_and_the_server_lives(script):
    watches = attrs.evolve(WITH_EVERYTHING, experimental={"codellama": {"status": True}})
    arguments = script(infills=[{"text": "one", "die": True}])
    async with loaded_editor(arguments, watches) as editor:
        for _ in range(3):
            assert await asyncio.wait_for(editor.complete(URI, 0, 4), 60) is None
        (message,) = editor.messages
        assert "The engine died twice" in message.message
        status = editor.statuses[-1]
        assert status["state"] == "failed"
        assert "left alone" in status["message"]


@over_both
async def test_a_closed_editor_cancels_its_request(script):
    arguments = script(infills=[{"text": "one", "stall": True}])
    async with loaded_editor(arguments), running_editor(*arguments) as second:
        await second.until_loaded()
        second.open(URI, TEXT)
        asked = second.complete(URI, 0, 4)
        await until(lambda: requests_are(1))
        asked.cancel()
        process = second.client._server
        assert process
        process.kill()
        await until(lambda: requests_are(0))
        (status,) = await statuses()
        assert status["clients"] == 1
        second.ended = True


@over_both
async def test_other_tools_can_ask(script):
    answers = {"infills": ["one two"], "chats": ["Hello there."]}
    async with loaded_editor(script(**answers)), http() as client:
        models = (await client.get("/v1/models")).json()
        assert models["data"][0]["id"] == "double"
        chat = {"messages": [{"role": "user", "content": "Hi"}]}
        answer = (await client.post("/v1/chat/completions", json=chat)).json()
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
        answer = (await client.post("/infill", json=body)).json()
        assert answer["content"] == "one two"
        assert answer["stop"] is True
        stream = (await client.post("/infill", json={**body, "stream": True})).text
        events = [json.loads(line[6:]) for line in stream.splitlines() if line]
        assert "".join(event["content"] for event in events) == "one two"
        assert [event["stop"] for event in events] == [False, False, True]


async def test_what_it_has_done_can_be_asked(script):
    async with loaded_editor(script(infills=["12"], chats=["Hi."])) as editor, http() as client:
        await editor.suggestion(URI, 0, 4)
        question = {"messages": [{"role": "user", "content": "Hi"}]}
        await client.post("/v1/chat/completions", json=question)
        page = await client.get("/metrics")
        shown, printed, nobodys = await asyncio.gather(
            _engine_command("status"), _engine_command("metrics"), _engine_command("metrics", "1")
        )
    assert page.headers["content-type"].startswith("text/plain; version=")
    assert 'codellama_requests_total{kind="chat",outcome="done"} 1.0' in page.text
    assert 'codellama_requests_total{kind="infill",outcome="done"} 1.0' in page.text
    assert 'codellama_answer_seconds{kind="chat",quantile="0.5"}' in page.text
    assert 'codellama_requests_total{kind="chat",outcome="done"} 1.0' in printed
    assert nobodys == ""
    assert "  chat      1 done; first token " in shown
    assert "  queue     0 waiting, 0 answering\n" in shown


async def _engine_command(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_server", "engine", *arguments), stdout=asyncio.subprocess.PIPE
    )
    return (await process.communicate())[0].decode()


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
    async with loaded_editor(script()), http() as client:
        answer = await client.post(path, json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


async def test_a_planted_runtime_folder_is_refused_and_told(script, tmp_path):
    planted = Path(os.environ["XDG_RUNTIME_DIR"]) / "codellama-lsp"
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    planted.symlink_to(theirs)
    async with running_editor(*script(infills=["12"])) as editor:
        await editor.until(lambda: editor.messages)
        assert f"{planted} belongs to someone else" in editor.messages[0].message
        editor.open(URI, TEXT)
        assert await editor.complete(URI, 0, 4) is None
    assert list(theirs.iterdir()) == []


async def test_a_server_is_light(script):
    async with loaded_editor(script(infills=["12"])) as editor:
        await editor.suggestion(URI, 0, 4)
        process = editor.client._server
        assert process
        assert psutil.Process(process.pid).memory_info().rss < 120 * 2**20


@over_both
async def test_an_engine_that_dies_while_loading_comes_back_smaller(script):
    arguments = script(never_ready=True)
    async with running_editor(*arguments) as editor:
        await until(_engine_is_loading)
        script(infills=["12"])  # what the next engine reads
        (status,) = await statuses()
        os.kill(status["pid"], signal.SIGKILL)
        await editor.until_loaded()
        (message,) = editor.messages
        assert "died while it loaded" in message.message
        assert "n_ctx is 2048" in message.message


async def _engine_is_loading() -> bool:
    try:
        (status,) = await statuses()
    except (ValueError, httpx.HTTPError):
        return False
    return status["state"] == "loading" and status["clients"] == 1
