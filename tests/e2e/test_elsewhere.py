"""The language server with its engine elsewhere: good servers, bad ones, and none."""

import asyncio
import json
import os
import re
import sys

import pytest
import yaml

from tests.e2e.editor import running_editor
from tests.llama_server import free_port, llama_server
from tests.scripted_server import MODELS, as_json, completion, serving

URI = "file:///project/a.py"
TEXT = "x = \n"
COMPLETIONS = "/v1/completions"


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.delenv("CODELLAMA_API_KEY", raising=False)


@pytest.fixture
def settings(tmp_path):
    """Writes the user's settings file for a server; gives the arguments that name it."""

    def written(url, kind="openai", **others):
        path = tmp_path / "elsewhere.yaml"
        engine = {"kind": kind, "url": url, **others}
        completion = {"look_ahead": False, "debounce": "off"}
        path.write_text(yaml.safe_dump({"engine": engine, "completion": completion}))
        return "--config", str(path)

    return written


def replies(*completions):
    return {"/v1/models": [MODELS], COMPLETIONS: completions}


async def test_a_suggestion_from_another_machine(settings):
    async with serving(replies(completion("1", " + 1"))) as there:
        async with running_editor(*settings(there.url)) as editor:
            await editor.until_loaded()
            editor.open(URI, TEXT)
            assert (await editor.suggestion(URI, 0, 4)).insert_text == "1 + 1"
            assert editor.messages == []
        [body] = there.bodies(COMPLETIONS)
        assert body["prompt"].startswith("<|fim_prefix|>x = <|fim_suffix|>")


async def test_an_answer_that_is_cut_is_asked_for_again(settings):
    cut = completion("1", cut=True)
    async with (
        serving(replies(cut, completion("1", " + 1"))) as there,
        running_editor(*settings(there.url)) as editor,
    ):
        await editor.until_loaded()
        editor.open(URI, TEXT)
        assert (await editor.suggestion(URI, 0, 4)).insert_text == "1 + 1"
        assert editor.messages == []


async def test_a_server_that_fails_is_told_once_and_the_editor_lives(settings):
    failing = as_json({"error": {"message": "out of memory"}}, 500)
    async with (
        serving(replies(failing)) as there,
        running_editor(*settings(there.url)) as editor,
    ):
        await editor.until_loaded()
        editor.open(URI, TEXT)
        for version in range(2, 5):
            assert await editor.complete(URI, 0, 4) is None
            editor.change(URI, version, (0, 4, 0, 4, "1"))
        [message] = editor.messages
        assert "out of memory" in message.message
        assert "def" not in message.message


async def test_a_cancelled_request_leaves_the_server(settings):
    async with (
        serving(replies(completion("12", stall=True))) as there,
        running_editor(*settings(there.url)) as editor,
    ):
        await editor.until_loaded()
        editor.open(URI, TEXT)
        editor.complete(URI, 0, 4)
        await there.until(lambda: there.bodies(COMPLETIONS))
        editor.change(URI, 2, (0, 0, 0, 0, "y = 2\n"))
        editor.complete(URI, 1, 4)
        await there.until(lambda: there.left)


async def test_a_server_that_comes_later_is_found(settings):
    port = free_port()
    async with running_editor(*settings(f"http://127.0.0.1:{port}")) as editor:
        await editor.until(lambda: editor.messages)
        assert "does not answer" in editor.messages[0].message
        editor.open(URI, TEXT)
        assert await editor.complete(URI, 0, 4) is None
        async with serving(replies(completion("12")), port=port):
            await editor.until(lambda: len(editor.messages) > 1)
            assert "answers now" in editor.messages[1].message
            assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"


async def test_a_refused_key_is_told_with_what_to_do(settings):
    async with (
        serving({"/v1/models": [as_json({"detail": "Unauthorized"}, 401)]}) as there,
        running_editor(*settings(there.url)) as editor,
    ):
        await editor.until(lambda: editor.messages)
        assert "codellama-lsp engine key" in editor.messages[0].message


async def test_an_editor_cant_say_where_code_is_sent(settings):
    async with serving(replies(completion("12"))) as elsewhere, serving(replies()) as own:
        options = {"engine": {"url": elsewhere.url}}
        async with running_editor(*settings(own.url), options=options) as editor:
            await editor.until(lambda: editor.messages)
            assert "only your own settings file" in editor.messages[0].message
            await editor.until_loaded()
        assert elsewhere.asked == []


async def doctor(*arguments, **environment):
    """Its exit status and what it printed. The server plays on this loop, so it must not block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_server", "doctor", *arguments),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def test_doctor_says_what_the_server_can_do(settings):
    async with serving(replies(completion(*("1, " for _ in range(20))))) as there:
        file = settings(there.url)[1]
        status, page = await doctor(CODELLAMA_LSP_CONFIG=file, CODELLAMA_API_KEY="s3cret")
        assert status == 0, page
        _, data = await doctor("--quick", "--json", CODELLAMA_LSP_CONFIG=file)
    assert f"openai at {there.url}" in page
    assert "as qwen2.5-coder: the prompt as text, /v1/completions" in page
    assert "from CODELLAMA_API_KEY" in page
    assert re.search(r"writing +\d+ tokens a second", page)
    assert "s3cret" not in page
    assert json.loads(data)["elsewhere"]["models"] == ["Qwen/Qwen2.5-Coder-7B"]


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (as_json({"data": [{"id": "llama-3.1-8b"}]}), "infill format is known"),
        (as_json({"detail": "Unauthorized"}, 401), "codellama-lsp engine key"),
    ],
)
async def test_doctor_says_what_would_not_work(settings, models, told):
    async with serving({"/v1/models": [models]}) as there:
        file = settings(there.url)[1]
        status, page = await doctor("--quick", CODELLAMA_LSP_CONFIG=file)
    assert status == 1
    assert told in page


@pytest.mark.real_model
async def test_llama_server_suggests_what_the_engine_here_does(settings, tmp_path):
    """The same model, prompt and healing: the same suggestion, in the middle of a word."""
    from lsp_server.models.store import locate

    code = "def add(a, b):\n    ret\n\n\nprint(add(1, 2))\n"
    here = {"engine": {"n_ctx": 2048, "kind": "in-process"}}
    suggestions = []
    async with llama_server(locate("qwen2.5-coder-0.5b"), "--ctx-size", "2048", "-np", "1") as url:
        for arguments, options in ((settings(url, "llama-server"), {}), ((), here)):
            async with running_editor(*arguments, options=options) as editor:
                await editor.until_loaded()
                editor.open(URI, code)
                suggestions.append((await editor.suggestion(URI, 1, 7)).insert_text)
    assert suggestions[0] == suggestions[1] == "urn a + b"
