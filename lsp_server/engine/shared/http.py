"""One connection to an engine that speaks our HTTP in its process."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from lsp_server.config import LogLevel
from lsp_server.engine import wire
from lsp_server.engine.address import Address
from lsp_server.engine.http import Event, HttpConnection
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


class HttpEngine:
    """Asks one engine process. Every failure of the connection is EngineGone."""

    def __init__(self, address: Address) -> None:
        """Raises EngineError where the address is not the user's own, EngineGone where there is
        none."""
        self._http = HttpConnection(client_of(address))

    async def attach(self, told: Callable[[Condition], None]) -> None:
        """Stay attached until the engine goes, which raises EngineGone; told how it fares, at once
        and later."""
        async with aclosing(self._http.events("GET", "/attach")) as events:
            async for event in events:
                told(wire.condition_of(event))
        raise EngineGone("The engine has ended.")

    async def ready(self) -> EngineInfo:
        return wire.info_of(await self._http.json("GET", "/props"))

    async def status(self) -> Event:
        status: Event = await self._http.json("GET", "/status")
        return status

    async def metrics(self) -> str:
        """Prometheus' text."""
        return await self._http.text("GET", "/metrics")

    async def totals(self) -> Totals:
        return Totals(**(await self.status())["tokens"])

    async def set_log_level(self, level: LogLevel) -> None:
        await self._http.json("POST", "/log", {"level": level})

    async def shutdown(self) -> None:
        await self._http.json("POST", "/shutdown", {})

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        body = {"content": list(texts), "role": role.value}
        counts: list[int] = (await self._http.json("POST", "/tokenize", body))["counts"]
        return counts

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        body = {"messages": [{"role": m.role, "content": m.content} for m in messages]}
        return int((await self._http.json("POST", "/tokenize", body))["count"])

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        body = wire.infill_body(request)
        chunks = self._chunks("/infill", body, wire.chunk_of_infill, request.alternatives)
        async for chunk in chunks:
            yield chunk

    async def hasten(self, background: str) -> None:
        """See Hastens."""
        await self._http.json("POST", "/hasten", {"background": background})

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        body = wire.chat_body(request)
        async for chunk in self._chunks("/v1/chat/completions", body, wire.chunk_of_chat):
            yield chunk

    async def close(self) -> None:
        await self._http.close()

    async def _chunks(
        self, path: str, body: Event, chunk_of: Callable[[Event], Chunk], answers: int = 1
    ) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._http.events("POST", path, body)) as events:
            async for event in events:
                chunk = chunk_of(event)
                yield chunk
                answers -= chunk.finish is not None
                if not answers:
                    return
        raise EngineGone("The engine ended in the middle of an answer.")
