"""An editor's side of the protocol with as little of its own as can be: JSON in, JSON out.

What the tests' editor takes for types and checks is no editor's time.
"""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

Json = Mapping[str, Any]
_CAPABILITIES = {
    "window": {"workDoneProgress": True},
    "textDocument": {"inlineCompletion": {"dynamicRegistration": False}},
}


class Client:
    """One `codellama-lsp serve`, spoken to over its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self.pid = process.pid
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self._reading = asyncio.ensure_future(self._read())

    async def request(self, method: str, params: Json | None) -> Any:
        """The result. Raises RuntimeError for an error."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        return await answer

    def notify(self, method: str, params: Json | None) -> None:
        self._send({"method": method, "params": params})

    async def until_loaded(self) -> None:
        """Wait for the end of the progress that shows the model being loaded."""
        await self._loaded.wait()

    async def close(self) -> None:
        await self.request("shutdown", None)
        self.notify("exit", None)
        await self._process.wait()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError):
            await self._reading

    def _send(self, content: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **content}).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _read(self) -> None:
        while True:
            head = await self._stdout.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self._take(json.loads(await self._stdout.readexactly(length)))

    def _take(self, message: Json) -> None:
        if "method" not in message:
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.set_exception(RuntimeError(message["error"]["message"]))
            else:
                answer.set_result(message.get("result"))
        elif "id" in message:
            self._send({"id": message["id"], "result": None})
        elif message["method"] == "$/progress" and message["params"]["value"]["kind"] == "end":
            self._loaded.set()


@asynccontextmanager
async def running_client(options: Json) -> AsyncIterator[Client]:
    """A client of a new server with these settings; it leaves as editors do."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_server", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    client = Client(process)
    await client.request(
        "initialize",
        {
            "processId": None,
            "rootUri": None,
            "capabilities": _CAPABILITIES,
            "initializationOptions": options,
        },
    )
    client.notify("initialized", {})
    try:
        yield client
    finally:
        await client.close()
