"""What the server tells at the start, and what it keeps to itself."""

import asyncio
import socket
import sys

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.e2e.editor import running_editor

URI = "file:///project/a.py"
SECRET = "password_of_the_shop"


async def test_what_the_server_can_do_is_told(script):
    async with running_editor(*script()) as editor:
        told = editor.capabilities
        assert told.inline_completion_provider
        assert told.code_action_provider.resolve_provider
        assert "quickfix" in told.code_action_provider.code_action_kinds
        assert "codellama.explain" in told.execute_command_provider.commands


async def test_no_code_is_in_the_log(script):
    """At info, the most that one sees without asking for the code with debug."""
    options = {"log_level": "info"}
    async with running_editor(*script(infills=[SECRET]), options=options) as editor:
        await editor.until_loaded()
        editor.open(URI, f"{SECRET} = 1\nx = \n")
        item = await editor.suggestion(URI, 1, 4)
        assert item.insert_text == SECRET
        process = editor.client._server
    log = await process.stderr.read()
    assert b"double: asked" in log
    assert SECRET.encode() not in log


async def test_over_tcp(script):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_server", "serve", "--tcp", str(port)), *script()
    )
    client = LanguageClient("test", "1")
    try:
        await asyncio.wait_for(_connected(client, port), 60)
        result = await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
        assert result.server_info.name == "codellama-lsp"
        await client.shutdown_async(None)
    finally:
        process.kill()
        await process.wait()


async def _connected(client: LanguageClient, port: int) -> None:
    while True:
        try:
            return await client.start_tcp("127.0.0.1", port)
        except OSError:  # it does not listen yet
            await asyncio.sleep(0.05)
