"""vLLM: token ids, its tokenizer, and a grammar that heals, which it compiles in milliseconds."""

import asyncio
import re
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from lsp_server.config import Config, Sampling
from lsp_server.engine.http import HttpConnection
from lsp_server.engine.protocol import InfillRequest, Message
from lsp_server.engine.remote.pieces import Reader, reader_of, shares
from lsp_server.engine.remote.servers.openai import (
    ALL_SAMPLES,
    STREAMED_WITH_USAGE,
    Served,
    Stream,
    harmless,
)
from lsp_server.engine.remote.servers.tokens import TokenServer, beginning_with
from lsp_server.engine.remote.vocabulary import Token, Tokens, Traits
from lsp_server.errors import EngineRefused
from lsp_server.prompting.control_text import Harmless, control_texts
from lsp_server.prompting.healing import MOST_DROPPED
from lsp_server.prompting.infill import InfillPrompt

# Questions on the way at a time.
_AT_ONCE = 8
# The first version that was seen to let the ends of a middle end an answer that a grammar holds.
_HEALS_FROM = [0, 32]


class Vllm(TokenServer):
    infills_by = "token ids, /v1/completions"
    counts_by = "its tokenizer, /tokenize"
    streamed = STREAMED_WITH_USAGE
    samples = ALL_SAMPLES | {"repeat_penalty": "repetition_penalty"}

    def __init__(self, http: HttpConnection, config: Config) -> None:
        super().__init__(http, config)
        self._read: Reader = _unread

    async def described(self) -> Served:
        answer = await self.http.json("GET", "/version")
        try:
            version = str(answer["version"])
            self.heals = _numbers(version) >= _HEALS_FROM
            if self.heals:
                self.infills_by = "token ids, healed by a grammar, /v1/completions"
            return replace(await super().described(), version=version)
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
            return [Token(token, self._read(written)) for token, written in found]

        return list(await asyncio.gather(*map(one, texts)))

    async def traits(self, texts: Collection[str]) -> Traits:
        plain, begun = await self._ask("a b"), await self._ask("a b", add_special_tokens=True)
        spelled = "".join(written for _, written in plain)
        reader = reader_of(spelled)
        self._read = reader or _unread
        self.heals = self.heals and reader is not None
        names = list(texts)
        found = await self.tokenized(names)
        controls = {
            name: tokens[0].id
            for name, tokens in zip(names, found, strict=True)
            if len(tokens) == 1
        }
        return Traits(
            bos=begun[0][0] if begun and begun[1:] == plain else None,
            adds_space=spelled.startswith("▁"),
            controls=controls,
            taken=control_texts(),
        )

    async def count(self, texts: Sequence[str]) -> list[int]:
        """All in one question, as there are hundreds at a new place."""
        await self.vocabulary()
        harmless_texts = [Harmless.of(text).text for text in texts]
        tokens = await self._ask("".join(harmless_texts))
        counted = shares(harmless_texts, [self._read(written) for _, written in tokens])
        return await super().count(texts) if counted is None else counted

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
        if prompt.constraint and request.max_tokens:
            body["max_tokens"] += MOST_DROPPED
            body["structured_outputs"] = {"grammar": beginning_with(prompt.constraint)}
        async with aclosing(self.completed(body)) as stream:
            async for chunk in stream:
                yield chunk

    def sampling(self, sampling: Sampling) -> dict[str, Any]:
        chosen = super().sampling(sampling)
        return chosen | {"top_k": chosen["top_k"] or -1}

    async def _ask(self, text: str, add_special_tokens: bool = False) -> list[tuple[int, str]]:
        """The tokens of a text, each with how the vocabulary's file writes it."""
        body = {
            "model": self.served.infill_model,
            "prompt": text,
            "add_special_tokens": add_special_tokens,
            "return_token_strs": True,
        }
        answer = await self.http.json("POST", "/tokenize", body)
        try:
            tokens = [int(token) for token in answer["tokens"]]
            written = [str(one) for one in answer.get("token_strs") or [""] * len(tokens)]
            return list(zip(tokens, written, strict=True))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EngineRefused(f"{self.http.name} tokenises in an unknown way.") from error


def _unread(written: str) -> bytes:
    return b""


def _numbers(version: str) -> list[int]:
    """Of a version's beginning, such as [0, 32]."""
    return [int(number) for number in re.findall(r"\d+", version)[:2]]
