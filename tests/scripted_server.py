"""An HTTP server on loopback that answers as it is told to, good and bad."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """`body` is sent as it is; with `cut` the connection is closed before its end, with `stall` it
    is kept open without a further word."""

    body: bytes = b""
    status: int = 200
    type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    stall: bool = False


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), status, headers=headers)


def events(*values: Any, cut: bool = False, stall: bool = False) -> Reply:
    """Server-sent events; texts are sent as they are."""
    data = "".join(
        f"data: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n\n"
        for value in values
    )
    return Reply(data.encode(), type="text/event-stream", cut=cut, stall=stall)


def completion(*texts: str, finish: str = "stop", cut: bool = False, stall: bool = False) -> Reply:
    """OpenAI's stream of a completion, a text an event."""
    pieces = [{"choices": [{"text": text, "finish_reason": None}]} for text in texts]
    end = [{"choices": [{"text": "", "finish_reason": finish}]}, "[DONE]"]
    return events(*pieces, *([] if cut or stall else end), cut=cut, stall=stall)


def chat(*texts: str, cut: bool = False) -> Reply:
    pieces = [{"choices": [{"delta": {"content": text}, "finish_reason": None}]} for text in texts]
    end = [{"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]"]
    return events(*pieces, *([] if cut else end), cut=cut)


MODELS = as_json({"data": [{"id": "Qwen/Qwen2.5-Coder-7B"}]})


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class ScriptedServer:
    """`replies[path]` are given one after the other, the last one again and again; a function makes
    one of the request's body."""

    replies: dict[str, Sequence[Reply | Callable[[Any], Reply]]]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    left: int = 0
    """How many clients closed a connection that was stalled."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def bodies(self, path: str) -> list[Any]:
        return [one.body for one in self.asked if one.path == path]

    async def until(self, holds: Any) -> None:
        """Wait until what clients did makes `holds()` true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(holds), 30)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open."""
        asked = await _request(reader)
        if asked is None:
            return False
        given = self.replies.get(asked.path, [as_json({"error": "not found"}, 404)])
        reply = given[min(len(self.bodies(asked.path)), len(given) - 1)]
        if not isinstance(reply, Reply):
            reply = reply(asked.body)
        await self._note(lambda: self.asked.append(asked))
        length = len(reply.body) + (1 if reply.cut or reply.stall else 0)
        head = {"content-type": reply.type, "content-length": str(length), **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} OK", *(f"{k}: {v}" for k, v in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + reply.body)
        await writer.drain()
        if reply.stall:
            await reader.read()
            await self._note(lambda: setattr(self, "left", self.left + 1))
        return not (reply.cut or reply.stall)

    async def _note(self, change: Any) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    first = (await reader.readline()).decode().split()
    if len(first) < 2:
        return None
    headers = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(first[0], first[1], headers, json.loads(data) if data else None)


@asynccontextmanager
async def serving(
    replies: dict[str, Sequence[Reply | Callable[[Any], Reply]]], tls: Any = None, port: int = 0
) -> AsyncIterator[ScriptedServer]:
    """The server on a port of loopback; `tls` is an SSLContext."""
    scripted = ScriptedServer(replies)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", port, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    scripted.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    try:
        yield scripted
    finally:
        server.close()
