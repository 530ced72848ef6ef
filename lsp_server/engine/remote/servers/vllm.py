"""vLLM: token ids and its tokenizer. Its own way to constrain an answer compiles a grammar for each
request, so prompts are not healed but in PSM, which may end inside a word."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ClassVar

from lsp_server.config import Sampling
from lsp_server.engine.protocol import InfillRequest, Message
from lsp_server.engine.remote.servers.openai import ALL_SAMPLES, Served, Stream, harmless
from lsp_server.engine.remote.servers.tokens import TokenServer
from lsp_server.engine.remote.vocabulary import Token, Tokens, Traits
from lsp_server.errors import EngineRefused
from lsp_server.prompting.control_text import control_texts
from lsp_server.prompting.infill import InfillPrompt

# Questions on the way at a time.
_AT_ONCE = 8


class Vllm(TokenServer):
    infills_by = "token ids, /v1/completions"
    streamed: ClassVar = {"stream": True, "stream_options": {"include_usage": True}}
    samples = ALL_SAMPLES | {"repeat_penalty": "repetition_penalty"}

    async def described(self) -> Served:
        version = await self.http.json("GET", "/version")
        try:
            return replace(await super().described(), version=str(version["version"]))
        except (KeyError, TypeError) as error:
            raise EngineRefused(
                f"{self.http.name} does not answer as vLLM does.",
                "For other servers there is engine.kind: openai.",
            ) from error

    async def tokenized(self, texts: Sequence[str]) -> list[Tokens]:
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(text: str) -> Tokens:
            async with few:
                found = await self._ask(text) if text else []
            return [Token(token) for token in found]

        return list(await asyncio.gather(*map(one, texts)))

    async def traits(self, texts: Collection[str]) -> Traits:
        plain, begun = await self._ask("a"), await self._ask("a", add_special_tokens=True)
        names = list(texts)
        found = await self.tokenized(names)
        controls = {
            name: tokens[0].id
            for name, tokens in zip(names, found, strict=True)
            if len(tokens) == 1
        }
        return Traits(
            bos=begun[0] if begun[-len(plain) :] == plain and len(begun) > len(plain) else None,
            adds_space=await self._adds_space(),
            controls=controls,
            taken=control_texts(),
        )

    async def count_chat(self, messages: Sequence[Message]) -> int:
        body = {"model": self.served.instruct_model, "messages": harmless(messages)[0]}
        return int((await self.http.json("POST", "/tokenize", body))["count"])

    async def generated(
        self, prompt: InfillPrompt, ends: frozenset[int], request: InfillRequest
    ) -> Stream:
        body = {
            **self.completion_body(prompt.tokens, request),
            "stop_token_ids": sorted(ends),
        }
        del body["stop"]
        async with aclosing(self.completed(body)) as stream:
            async for chunk in stream:
                yield chunk

    def sampling(self, sampling: Sampling) -> dict[str, Any]:
        chosen = super().sampling(sampling)
        return chosen | {"top_k": chosen["top_k"] or -1}

    async def _adds_space(self) -> bool:
        body = {"model": self.served.infill_model, "prompt": "a", "add_special_tokens": False}
        answer = await self.http.json("POST", "/tokenize", body | {"return_token_strs": True})
        pieces = answer.get("token_strs") or [""]
        return str(pieces[0]).startswith("▁")

    async def _ask(self, text: str, add_special_tokens: bool = False) -> list[int]:
        body = {
            "model": self.served.infill_model,
            "prompt": text,
            "add_special_tokens": add_special_tokens,
        }
        answer = await self.http.json("POST", "/tokenize", body)
        try:
            return [int(token) for token in answer["tokens"]]
        except (KeyError, TypeError, ValueError) as error:
            raise EngineRefused(f"{self.http.name} tokenises in an unknown way.") from error
