"""Our own engine behind a url, such as a unix socket that ssh brings here."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from lsp_server.engine import wire
from lsp_server.engine.protocol import InfillRequest, Message, Role
from lsp_server.engine.remote.servers.openai import (
    ALL_SAMPLES,
    OpenAiServer,
    Served,
    Stream,
    whole,
)
from lsp_server.prompting.infill_format import load_formats


class OwnEngine(OpenAiServer):
    infills_by = "codellama-lsp's own /infill"
    counts_by = "its tokenizer, /tokenize"
    samples = ALL_SAMPLES

    async def start(self) -> Served:
        info = wire.info_of(await self.http.json("GET", "/props"))
        found = load_formats().get(info.family)
        self.served = Served(
            version="codellama-lsp",
            models=tuple(dict.fromkeys([info.infill_model, info.instruct_model])),
            infill_model=info.infill_model,
            instruct_model=info.instruct_model,
            n_ctx=info.n_ctx,
            infill=found,
            notice=info.notice,
        )
        return self.served

    async def count(self, texts: Sequence[str]) -> list[int]:
        body = {"content": list(texts), "role": Role.INFILL.value}
        counts: list[int] = (await self.http.json("POST", "/tokenize", body))["counts"]
        return counts

    async def count_chat(self, messages: Sequence[Message]) -> int:
        body = {"messages": [{"role": m.role, "content": m.content} for m in messages]}
        return int((await self.http.json("POST", "/tokenize", body))["count"])

    async def infill(self, request: InfillRequest) -> Stream:
        body = wire.infill_body(replace(request, alternatives=1))
        events = self.http.events("POST", "/infill", body)
        async with aclosing(whole(events, wire.chunk_of_infill)) as stream:
            async for chunk in stream:
                yield chunk
