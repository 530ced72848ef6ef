"""Servers that take token ids and have a tokenizer to ask: prompts are exact."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from contextlib import aclosing

from lsp_server.engine.again import without_start
from lsp_server.engine.protocol import InfillRequest
from lsp_server.engine.remote.servers.openai import OpenAiServer, Stream
from lsp_server.engine.remote.vocabulary import Tokens, Traits, Vocabulary
from lsp_server.errors import EngineError
from lsp_server.prompting.infill import (
    InfillPrompt,
    check_length,
    end_tokens,
    infill_prompt,
    unhealed_order,
)


class TokenServer(OpenAiServer):
    """The prompt's ids are made here, of the server's own tokens."""

    # Whether the first tokens of an answer can be made to spell what healing dropped.
    heals = False

    _vocabulary: Vocabulary | None = None

    @abstractmethod
    async def tokenized(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text by itself; control strings in them stay text."""

    @abstractmethod
    async def traits(self, texts: Collection[str]) -> Traits:
        """What the vocabulary is like, and which of the texts are control tokens."""

    @abstractmethod
    def generated(
        self, prompt: InfillPrompt, ends: frozenset[int], request: InfillRequest
    ) -> Stream:
        """Ask for the middle; where the prompt has a constraint, it comes first in the answer."""

    async def vocabulary(self) -> Vocabulary:
        if self._vocabulary is None:
            from lsp_server.prompting.control_text import known_control_texts

            traits = await self.traits(sorted(known_control_texts()))
            self._vocabulary = Vocabulary(self.tokenized, traits)
        return self._vocabulary

    async def infill(self, request: InfillRequest) -> Stream:
        infill_format = self.format
        words = await (await self.vocabulary()).fetched(request.prefix, request.suffix)
        prompt = infill_prompt(
            infill_format,
            words,
            request.prefix,
            request.suffix,
            order=request.order or (None if self.heals else unhealed_order(infill_format)),
            healing=request.heal if self.heals else False,
        )
        if not _is_text(prompt.constraint):  # the half of a character can't be asked for
            prompt = infill_prompt(
                infill_format, words, request.prefix, request.suffix, healing=False
            )
        if self.served.n_ctx:
            check_length(prompt.tokens, self.served.n_ctx, request.max_tokens)
        stream = self.generated(prompt, end_tokens(infill_format, words), request)
        dropped = prompt.constraint.decode() if request.max_tokens else ""
        unspelled = EngineError("The server's answer does not begin as it was told to.")
        async with aclosing(without_start(stream, {0: dropped}, unspelled)) as rest:
            async for chunk in rest:
                yield chunk


def beginning_with(constraint: bytes) -> str:
    """The grammar of all texts that begin so, in GBNF, which llama.cpp and xgrammar read."""
    text = constraint.decode()
    # Not `\x0A`: xgrammar reads on while there are digits.
    literal = "".join(f"\\u{ord(c):04X}" if c in '"\\' or c < " " else c for c in text)
    return f'root ::= "{literal}" [^\\x00]*'


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
