"""Servers that are really there: llama-cpp-python's own, and our engine behind a port."""

import asyncio
import contextlib
import os
import socket
import sys
import time

import httpx
import pytest
import uvicorn

from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.engine.host.app import create_app
from lsp_server.engine.host.clients import Clients
from lsp_server.engine.protocol import ChatRequest, InfillRequest, Message, Role
from lsp_server.errors import PromptTooLong
from tests.llama_server import free_port

CHAT = ChatRequest((Message("user", "Say hello."),), 4)


async def everything(stream):
    return [chunk async for chunk in stream]


def text(chunks):
    return "".join(chunk.text for chunk in chunks)


@contextlib.asynccontextmanager
async def llama_cpp_python(model):
    """The url of `python -m llama_cpp.server`."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", str(port)),
        *("--model", str(model), "--model_alias", "codellama-7b", "--n_ctx", "512"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"OMP_WAIT_POLICY": "passive"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await until_up(f"{url}/v1/models", process)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def until_up(url, process):
    deadline = time.monotonic() + 60
    async with httpx.AsyncClient(trust_env=False) as http:
        while process.returncode is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                await http.get(url)
                return
            await asyncio.sleep(0.05)
    pytest.fail("llama_cpp.server did not start")


async def test_llama_cpp_pythons_server(engine_at, tiny_path):
    async with llama_cpp_python(tiny_path) as url, engine_at(url) as engine:
        assert (await engine.ready()).family == "code-llama"
        request = InfillRequest("def f(x):\n    ", "\n", 4)
        first = await everything(engine.infill(request))
        assert first[-1].finish is not None
        assert text(await everything(engine.infill(request))) == text(first)
        assert (await everything(engine.chat(CHAT)))[-1].finish is not None


@contextlib.asynccontextmanager
async def own_engine(engine):
    """The url of our engine's HTTP, as ssh would bring it here."""
    app, _ = create_app(engine, Clients(60, lambda: None), lambda: None)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def test_our_own_engine(engine_at):
    there = ScriptedEngine([Answer("a b"), Answer("c", stall=True)], [Answer("Hello there.")])
    async with own_engine(there) as url, engine_at(url, "llama-server") as engine:
        assert (await engine.ready()).infill_model == "double"
        assert text(await everything(engine.infill(InfillRequest("x", "y", 8)))) == "a b"
        assert there.infill_requests == [InfillRequest("x", "y", 8)]
        assert text(await everything(engine.chat(CHAT))) == "Hello there."
        counted = await there.count_tokens(Role.INFILL, ["abc", "abcdef"])
        assert await engine.count_tokens(Role.INFILL, ["abc", "abcdef"]) == counted
        assert await engine.count_chat_tokens(CHAT.messages) == await there.count_chat_tokens(
            CHAT.messages
        )


async def test_our_own_engines_errors_come_as_they_were_raised(engine_at):
    there = ScriptedEngine(load_error=PromptTooLong("It is too long.", "Shorten it."))
    async with own_engine(there) as url, engine_at(url, "llama-server") as engine:
        with pytest.raises(PromptTooLong, match="too long") as told:
            await engine.ready()
        assert told.value.hint == "Shorten it."
