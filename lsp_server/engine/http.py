"""HTTP to an engine, whoever it is: answers as JSON, and streams of events.

Closing a stream closes its connection, which is how a generation is cancelled.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from lsp_server.engine import wire
from lsp_server.errors import CodeLlamaError, EngineGone, EngineRefused

Event = dict[str, Any]
Events = AsyncGenerator[Event, None]
_SHOWN = 200
_LONGEST_WAIT = 60.0


class HttpConnection:
    """Asks one server. A connection that fails is EngineGone, an answer that is none
    EngineRefused; an error that the server tells is raised as it tells it."""

    def __init__(self, client: httpx.AsyncClient, name: str = "The engine") -> None:
        """`name` is what error messages call the server."""
        self.name = name
        self._client = client

    async def json(self, method: str, path: str, body: Event | None = None) -> Any:
        response = await self._answer(method, path, body)
        try:
            return response.json()
        except ValueError as error:
            raise self._no_answer() from error

    async def text(self, method: str, path: str) -> str:
        return (await self._answer(method, path, None)).text

    async def events(self, method: str, path: str, body: Event | None = None) -> Events:
        """Server-sent events, until the server says [DONE] or ends."""
        async with self._response(method, path, body) as response:
            try:
                async for sent in EventSource(response).aiter_sse():
                    if sent.data == "[DONE]":
                        return
                    if sent.data:
                        yield self._event(sent.data)
            except SSEError as error:
                raise self._no_answer() from error

    async def lines(self, method: str, path: str, body: Event | None = None) -> Events:
        """A JSON object a line, as Ollama streams them."""
        rest = b""
        async with self._response(method, path, body) as response:
            async for data in response.aiter_bytes():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield self._event(line.decode("utf-8", "replace"))

    async def close(self) -> None:
        await self._client.aclose()

    async def _answer(self, method: str, path: str, body: Event | None) -> httpx.Response:
        try:
            response = await self._client.send(self._request(method, path, body))
        except httpx.HTTPError as error:
            raise self._gone("does not answer", error) from error
        if response.status_code >= 400:
            raise self._told(response, response.text)
        return response

    @asynccontextmanager
    async def _response(
        self, method: str, path: str, body: Event | None
    ) -> AsyncIterator[httpx.Response]:
        """A response of good status while its body is read."""
        try:
            response = await self._client.send(self._request(method, path, body), stream=True)
            async with aclosing(response):
                if response.status_code >= 400:
                    await response.aread()
                    raise self._told(response, response.text)
                yield response
        except httpx.HTTPError as error:
            raise self._gone("went away", error) from error

    def _request(self, method: str, path: str, body: Event | None) -> httpx.Request:
        if body is None:
            return self._client.build_request(method, path)
        # A lone surrogate (half of an emoji, while it is typed) has no UTF-8.
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"content-type": "application/json"}
        return self._client.build_request(method, path, content=content, headers=headers)

    def _event(self, data: str) -> Event:
        try:
            event = json.loads(data)
        except ValueError as error:
            raise EngineGone(f"{self.name} broke off in the middle of an event.") from error
        if not isinstance(event, dict):
            raise self._no_answer()
        if event.get("error"):
            raise wire.error_of(event)
        return event

    def _told(self, response: httpx.Response, text: str) -> CodeLlamaError:
        """The error in an answer: ours, or what another server says with its status."""
        try:
            body = json.loads(text)
        except ValueError:
            body = {"error": " ".join(text.split())[:_SHOWN] or response.reason_phrase}
        told = wire.error_of(body if isinstance(body, dict) else {"error": str(body)[:_SHOWN]})
        if wire.is_ours(body):
            return told
        status = response.status_code
        return EngineRefused(
            f"{self.name} refused ({status}): {told.message}",
            status=status,
            retry_after=_seconds(response.headers.get("retry-after", "")),
        )

    def _gone(self, what: str, error: httpx.HTTPError) -> EngineGone:
        return EngineGone(f"{self.name} {what}: {error or type(error).__name__}.")

    def _no_answer(self) -> EngineRefused:
        return EngineRefused(
            f"{self.name} answered, but not as an engine does.",
            "Is engine.url right, and engine.kind?",
        )


def _seconds(retry_after: str) -> float:
    try:
        return min(max(float(retry_after), 0.0), _LONGEST_WAIT)
    except ValueError:
        return 0.0
