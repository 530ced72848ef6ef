"""One connection to an engine that speaks our HTTP in its process."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from lsp_server.config import LogLevel
from lsp_server.engine import wire
from lsp_server.engine.address import Address
from lsp_server.engine.protocol import (
    ChatRequest,
    Chunk,
    Condition,
    EngineInfo,
    InfillRequest,
    Message,
    Role,
    Totals,
)
from lsp_server.engine.shared.connection import client_of
from lsp_server.errors import EngineGone

Event = dict[str, Any]


class HttpEngine:
    """Asks one engine process. Every failure of the connection is EngineGone."""

    def __init__(self, address: Address) -> None:
        """Raises EngineError where the address is not the user's own, EngineGone where there is
        none."""
        self._client = client_of(address)

    async def attach(self, told: Callable[[Condition], None]) -> None:
        """Stay attached until the engine goes, which raises EngineGone; told how it fares, at once
        and later."""
        async with aclosing(self._events("GET", "/attach", None)) as events:
            async for event in events:
                told(wire.condition_of(event))
        raise EngineGone("The engine has ended.")

    async def ready(self) -> EngineInfo:
        return wire.info_of(await self._json("GET", "/props", None))

    async def status(self) -> Event:
        return await self._json("GET", "/status", None)

    async def totals(self) -> Totals:
        return Totals(**(await self.status())["tokens"])

    async def set_log_level(self, level: LogLevel) -> None:
        await self._json("POST", "/log", {"level": level})

    async def shutdown(self) -> None:
        await self._json("POST", "/shutdown", {})

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        body = {"content": list(texts), "role": role.value}
        counts: list[int] = (await self._json("POST", "/tokenize", body))["counts"]
        return counts

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        body = {"messages": [{"role": m.role, "content": m.content} for m in messages]}
        return int((await self._json("POST", "/tokenize", body))["count"])

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        body = wire.infill_body(request)
        chunks = self._chunks("/infill", body, wire.chunk_of_infill, request.alternatives)
        async for chunk in chunks:
            yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        body = wire.chat_body(request)
        async for chunk in self._chunks("/v1/chat/completions", body, wire.chunk_of_chat):
            yield chunk

    async def close(self) -> None:
        await self._client.aclose()

    async def _json(self, method: str, path: str, body: Event | None) -> Event:
        try:
            response = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise EngineGone(f"The engine does not answer: {error!r}.") from error
        answer: Event = response.json()
        if response.status_code >= 400:
            raise wire.error_of(answer)
        return answer

    async def _chunks(
        self, path: str, body: Event, chunk_of: Callable[[Event], Chunk], answers: int = 1
    ) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._events("POST", path, body)) as events:
            async for event in events:
                chunk = chunk_of(event)
                yield chunk
                answers -= chunk.finish is not None
                if not answers:
                    return
        raise EngineGone("The engine ended in the middle of an answer.")

    async def _events(
        self, method: str, path: str, body: Event | None
    ) -> AsyncGenerator[Event, None]:
        """Server-sent events. Closing the generator closes the connection, which cancels."""
        try:
            async with self._client.stream(method, path, json=body) as response:
                if response.status_code >= 400:
                    raise wire.error_of(json.loads(await response.aread()))
                async for line in response.aiter_lines():
                    if line.startswith("data: ") and line != "data: [DONE]":
                        event: Event = json.loads(line[6:])
                        if "error" in event:
                            raise wire.error_of(event)
                        yield event
        except httpx.HTTPError as error:
            raise EngineGone(f"The engine went away: {error!r}.") from error
