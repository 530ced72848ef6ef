"""One generation, advanced step by step by the worker so that several can take turns."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from lsp_server.config import Sampling
from lsp_server.engine.llama.context import KvSequence, LlamaContext, Part
from lsp_server.engine.llama.sampler import Sampler
from lsp_server.engine.protocol import Chunk, Finish, Usage


class Priority(IntEnum):
    """Typing goes before chat, and both before what idle time is used for."""

    TYPING = 0
    CHAT = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Plan:
    """What to generate: the prompt, what the first tokens must spell, and where to end."""

    tokens: list[int]
    max_tokens: int
    sampling: Sampling
    priority: Priority
    constraint: bytes = b""
    end: frozenset[int] = frozenset()

    @property
    def length(self) -> int:
        """The most tokens that prompt and answer come to."""
        return len(self.tokens) + self.max_tokens


class Generation:
    """A plan under way in one context. `emit` gets every chunk, on the worker's thread."""

    def __init__(self, plan: Plan, context: LlamaContext, emit: Callable[[Chunk], None]) -> None:
        self.plan = plan
        self.context = context
        self.cancelled = False
        self.finished = False
        self._emit = emit
        self._sampler = Sampler(plan.sampling, context.model.vocab.size)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._constraint = plan.constraint
        self._sequence: KvSequence | None = None
        self._pending = plan.tokens
        self._cached = 0
        self._generated = 0
        self._prefill_ms = 0.0
        self._decode_ms = 0.0

    @property
    def reading_prompt(self) -> bool:
        """Whether the prompt is still being evaluated, which may be interrupted and resumed."""
        return self._generated == 0

    @property
    def can_step(self) -> bool:
        """Whether it has its sequence in the KV cache, or there is room for one."""
        return self._sequence is not None or self.context.has_room(self.plan.length)

    def next_part(self, room: int) -> Part:
        """What it wants evaluated next, at most `room` tokens. Only where `can_step`."""
        if self._sequence is None:
            self._sequence = self.context.take_sequence(self.plan.tokens, self.plan.length)
            self._cached = len(self._sequence.tokens)
            self._pending = self.plan.tokens[self._cached :]
        return Part(self._sequence, self._pending[:room])

    def evaluated(self, count: int, milliseconds: float) -> None:
        """So many of its tokens were evaluated, in a decode that took so long."""
        self._pending = self._pending[count:]
        if self.reading_prompt:
            self._prefill_ms += milliseconds
        else:
            self._decode_ms += milliseconds

    def advance(self, part: Part) -> None:
        """Choose the token that follows, where nothing is left to evaluate before it."""
        if not self._pending:
            self._accept(self._next_token(part))

    def close(self) -> None:
        """Give the sequence back; what it holds stays for the next prompt."""
        self.finished = True
        self._sampler.close()
        if self._sequence is not None:
            self._sequence.reserved = 0
            self._sequence = None

    def _next_token(self, part: Part) -> int:
        vocab = self.context.model.vocab
        allowed = vocab.index.spelling(self._constraint) if self._constraint else None
        return self._sampler.choose(self.context.logits(part), allowed)

    def _accept(self, token: int) -> None:
        vocab = self.context.model.vocab
        if not self.plan.max_tokens:
            self._finish(Finish.LENGTH)
            return
        if token in self.plan.end or vocab.is_end(token):
            self._finish(Finish.STOP)
            return
        self._generated += 1
        self.context.totals.generated += 1
        self._pending = [token]
        text = self._decoder.decode(self._after_constraint(vocab.piece(token)))
        if self._generated >= self.plan.max_tokens:
            self._finish(Finish.LENGTH, text)
        elif text:
            self._emit(Chunk(text))

    def _after_constraint(self, piece: bytes) -> bytes:
        """What a piece adds beyond the dropped text, which the document already has."""
        repeated = min(len(piece), len(self._constraint))
        self._constraint = self._constraint[repeated:]
        return piece[repeated:]

    def _finish(self, reason: Finish, text: str = "") -> None:
        text += self._decoder.decode(b"", final=True)
        usage = Usage(
            prompt_tokens=len(self.plan.tokens),
            cached_tokens=self._cached,
            generated_tokens=self._generated,
            prefill_ms=self._prefill_ms,
            decode_ms=self._decode_ms,
        )
        self.close()
        self._emit(Chunk(text, reason, usage))
