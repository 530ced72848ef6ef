"""Answers that stop with their client: closing the connection cancels the generation.

Starlette's own StreamingResponse notices a client that has gone when it next sends something; while
a prompt is read there is nothing to send, and that is when most requests are cancelled.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from lsp_server.engine.wire import error_json
from lsp_server.errors import CodeLlamaError

Events = AsyncGenerator[dict[str, Any], None]


class WhileConnected(Response):
    """Runs `answer` and sends what it gives, until it ends or the client goes."""

    def __init__(self, answer: Callable[[Send], Awaitable[None]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = asyncio.ensure_future(self._answer(send))
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


def event_stream(events: Events, last: str = "") -> WhileConnected:
    """Each event as a `data:` line of server-sent events; an error as an event of its own."""

    async def answer(send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def line(data: str) -> None:
            body = f"data: {data}\n\n".encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})

        try:
            async for event in events:
                await line(json.dumps(event))
        except CodeLlamaError as error:
            await line(json.dumps(error_json(error)))
        finally:
            await events.aclose()
        if last:
            await line(last)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return WhileConnected(answer)


def whole(events: Events, join: Callable[[list[dict[str, Any]]], Any]) -> WhileConnected:
    """All events joined into one JSON answer, for clients that don't stream."""

    async def answer(send: Send) -> None:
        try:
            response = JSONResponse(join([event async for event in events]))
        except CodeLlamaError as error:
            response = JSONResponse(error_json(error), status_code=400)
        finally:
            await events.aclose()
        await response({"type": "http"}, _nothing, send)

    return WhileConnected(answer)


async def _nothing() -> Message:
    return {"type": "http.request"}
