"""llama.cpp's llama-server: token ids, its tokenizer, and a grammar that heals."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from lsp_server.engine import wire
from lsp_server.engine.http import Events
from lsp_server.engine.protocol import InfillRequest, Message
from lsp_server.engine.remote.family import served_format
from lsp_server.engine.remote.servers.openai import ALL_SAMPLES, Served, Stream, whole
from lsp_server.engine.remote.servers.tokens import TokenServer, beginning_with
from lsp_server.engine.remote.vocabulary import Token, Tokens, Traits
from lsp_server.errors import EngineRefused
from lsp_server.prompting.control_text import any_of
from lsp_server.prompting.healing import MOST_DROPPED
from lsp_server.prompting.infill import InfillPrompt
from lsp_server.prompting.infill_format import InfillFormat


class LlamaServer(TokenServer):
    """Asks `/completion`, which is `/v1/completions` with the ids of what is generated: not every
    model file says that Code Llama's <EOT> ends an answer."""

    infills_by = "token ids, healed by a grammar, /completion"
    counts_by = "its tokenizer, /tokenize"
    heals = True
    samples = ALL_SAMPLES

    async def described(self) -> Served:
        props = await self.http.json("GET", "/props")
        try:
            listed = await super().described()
            return replace(
                listed,
                version=str(props.get("build_info", "")),
                models=tuple(map(_file_name, listed.models)),
                n_ctx=int(props["default_generation_settings"]["n_ctx"]),
                slots=props.get("total_slots"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineRefused(
                f"{self.http.name} answers /props, but not as llama-server does.",
                "For other servers there is engine.kind: openai.",
            ) from error

    async def infill_format(self, model: str) -> InfillFormat:
        controls = (await self.vocabulary()).traits.controls
        return served_format(model, self.config.infill.family, set(controls))

    async def tokenized(self, texts: Sequence[str]) -> list[Tokens]:
        vocabulary = await self.vocabulary()
        return await self._tokenize(texts, vocabulary.traits.adds_space)

    async def traits(self, texts: Collection[str]) -> Traits:
        bos = await self.http.json("POST", "/tokenize", {"content": "", "add_special": True})
        a = (await self._ask_tokens(["a"], special=False))[0]
        adds_space = a.piece.startswith(b" ")
        names = list(texts)
        special = await self._tokenize(names, adds_space, special=True)
        plain = await self._tokenize(names, adds_space)
        controls = {
            name: tokens[0].id
            for name, tokens in zip(names, special, strict=True)
            if len(tokens) == 1
        }
        taken = (
            name
            for name, tokens in zip(names, plain, strict=True)
            if [token.id for token in tokens] == [controls.get(name)]
        )
        return Traits(next(iter(bos["tokens"]), None), adds_space, controls, any_of(taken))

    async def count(self, texts: Sequence[str]) -> list[int]:
        await self.vocabulary()
        return [len(tokens) for tokens in await self.tokenized(texts)]

    async def count_chat(self, messages: Sequence[Message]) -> int:
        body = {"messages": [{"role": m.role, "content": m.content} for m in messages]}
        rendered = await self.http.json("POST", "/apply-template", body)
        asked = {"content": rendered["prompt"], "add_special": True, "parse_special": True}
        return len((await self.http.json("POST", "/tokenize", asked))["tokens"])

    async def generated(
        self, prompt: InfillPrompt, ends: frozenset[int], request: InfillRequest
    ) -> Stream:
        body = {
            "prompt": prompt.tokens,
            "n_predict": request.max_tokens,
            "stream": True,
            "cache_prompt": True,
            "return_tokens": True,
            **self.sampling(request.sampling),
        }
        if prompt.constraint and request.max_tokens:
            body["n_predict"] += MOST_DROPPED
            body["grammar"] = beginning_with(prompt.constraint)
        events = self.http.events("POST", "/completion", body)
        async with aclosing(whole(_until(ends, events), wire.chunk_of_infill)) as stream:
            async for chunk in stream:
                yield chunk

    async def _tokenize(
        self, texts: Sequence[str], adds_space: bool, special: bool = False
    ) -> list[Tokens]:
        """One question for all texts: the server tokenises each by itself and joins them, and the
        pieces tell them apart."""
        tokens = iter(await self._ask_tokens(texts, special))
        return [self._taken(tokens, text, adds_space, special) for text in texts]

    def _taken(self, tokens: Iterator[Token], text: str, adds_space: bool, special: bool) -> Tokens:
        """The tokens of the text that comes next. Raises EngineRefused where they are not its."""
        data = _spaced(text.encode("utf-8", "replace"))
        ends = {b" " + data} if adds_space and data else {data}
        if special:  # a control token has no space before it
            ends.add(data)
        found: Tokens = []
        spelled = b""
        while _spaced(spelled) not in ends:
            token = next(tokens, None)
            if token is None or len(_spaced(spelled)) > len(data):
                raise EngineRefused(f"{self.http.name} tokenises in an unknown way.")
            found.append(token)
            spelled += token.piece
        return found

    async def _ask_tokens(self, texts: Sequence[str], special: bool) -> Tokens:
        body = {
            "content": list(texts),
            "add_special": False,
            "parse_special": special,
            "with_pieces": True,
        }
        answer = await self.http.json("POST", "/tokenize", body)
        try:
            return [Token(int(one["id"]), _bytes(one["piece"])) for one in answer["tokens"]]
        except (KeyError, TypeError, ValueError) as error:
            raise EngineRefused(f"{self.http.name} tokenises in an unknown way.") from error


def _bytes(piece: Any) -> bytes:
    """A piece is a text, or a list of bytes where it is no whole character."""
    return piece.encode() if isinstance(piece, str) else bytes(piece)


def _spaced(text: bytes) -> bytes:
    """SentencePiece writes a space as this letter, and takes the letter for a space."""
    return text.replace("▁".encode(), b" ")


async def _until(ends: frozenset[int], events: Events) -> Events:
    """The events up to one of the tokens that end a middle."""
    async with aclosing(events):
        async for event in events:
            if not ends.isdisjoint(event.get("tokens") or ()):
                yield {"content": "", "stop": True, "stop_type": "eos"}
                return
            yield event


def _file_name(model: str) -> str:
    """The server calls a model by its file's whole path unless it was given a name."""
    is_path = model.startswith("/") or ":\\" in model
    return model.replace("\\", "/").rpartition("/")[2] if is_path else model
