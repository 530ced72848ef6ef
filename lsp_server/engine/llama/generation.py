"""One generation, advanced step by step by the worker so that several can take turns."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lsp_server.config import Sampling
from lsp_server.engine.llama.answer import Answer
from lsp_server.engine.llama.context import KvSequence, LlamaContext, Part
from lsp_server.engine.protocol import Chunk, Finish, Usage


class Priority(IntEnum):
    """Typing goes before chat, and both before what idle time is used for."""

    TYPING = 0
    CHAT = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Plan:
    """What to generate: the prompt, what the first tokens must spell, and where to end. `others`
    says how further answers to the same prompt are sampled."""

    tokens: list[int]
    max_tokens: int
    sampling: Sampling
    priority: Priority
    constraint: bytes = b""
    end: frozenset[int] = frozenset()
    others: tuple[Sampling, ...] = ()

    @property
    def length(self) -> int:
        """The most tokens that prompt and answers come to."""
        return len(self.tokens) + self.max_tokens * (1 + len(self.others))


class Generation:
    """A plan under way in one context. `emit` gets every chunk, on the worker's thread.

    The prompt is read once. Where several answers are wanted, its sequence is forked then, and each
    decode has the next token of all of them.
    """

    def __init__(self, plan: Plan, context: LlamaContext, emit: Callable[[Chunk], None]) -> None:
        self.plan = plan
        self.context = context
        self.cancelled = False
        self.finished = False
        self._emit = emit
        self._answers = [
            Answer(index, context, sampling, plan.constraint)
            for index, sampling in enumerate([plan.sampling, *plan.others])
        ]
        self._sequence: KvSequence | None = None
        self._asked: list[tuple[Answer, Part]] = []
        self._reading = True
        self._cached = 0
        self._prefill_ms = 0.0
        self._decode_ms = 0.0

    @property
    def reading_prompt(self) -> bool:
        """Whether the prompt is still being evaluated, which may be interrupted and resumed."""
        return self._reading

    @property
    def can_step(self) -> bool:
        """Whether it has its sequence in the KV cache, or there is room for one."""
        return self._sequence is not None or self.context.has_room(self.plan.length)

    @property
    def width(self) -> int:
        """How many tokens its next step has, once its prompt was read."""
        return sum(not answer.finished for answer in self._answers)

    def next_parts(self, room: int) -> list[Part]:
        """What it wants evaluated next, at most `room` tokens. Only where `can_step`."""
        first = self._answers[0]
        if self._sequence is None:
            self._sequence = self.context.take_sequence(self.plan.tokens, self.plan.length)
            self._cached = len(self._sequence.tokens)
            first.sequence = self._sequence
            first.pending = self.plan.tokens[self._cached :]
        if self._reading:
            self._asked = [(first, first.next_part(room))]
        else:
            writing = [answer for answer in self._answers if not answer.finished]
            self._asked = [(answer, answer.next_part(1)) for answer in writing[:room]]
        return [part for _, part in self._asked]

    def evaluated(self, milliseconds: float) -> None:
        """The parts that it asked for were evaluated, as far as they say; it took so long."""
        for answer, part in self._asked:
            answer.evaluated(part.done)
        if self._reading:
            self._prefill_ms += milliseconds
        else:
            self._decode_ms += milliseconds

    def advance(self) -> None:
        """Choose the tokens that follow, where nothing is left to evaluate before them."""
        ready = [(answer, part) for answer, part in self._asked if not answer.pending]
        if ready and self._reading:
            self._reading = False
            ready = self._forked(ready[0][1])
        for answer, part in ready:
            self._accept(answer, self.context.logits(part))

    def close(self) -> None:
        """Give the sequences back; what the first one holds stays for the next prompt."""
        self.finished = True
        for answer in self._answers:
            answer.close()
            if answer.sequence not in (None, self._sequence):
                self.context.end_fork(answer.sequence)
            answer.sequence = None
        if self._sequence is not None:
            self._sequence.reserved = 0
            self._sequence = None

    def _forked(self, part: Part) -> list[tuple[Answer, Part]]:
        """All answers, each with a sequence that holds the prompt; the logits after it serve all.
        There are fewer, the others empty, where another generation has the forks."""
        for answer in self._answers[1:]:
            answer.sequence = self.context.fork(part.sequence)
            if answer.sequence is None:
                self._finish(answer, Finish.LENGTH)
        return [(answer, part) for answer in self._answers if not answer.finished]

    def _accept(self, answer: Answer, logits: npt.NDArray[np.float32]) -> None:
        if not self.plan.max_tokens:
            self._finish(answer, Finish.LENGTH)
            return
        token = answer.choose(logits, weigh=bool(self.plan.others))
        if token in self.plan.end or self.context.model.vocab.is_end(token):
            self._finish(answer, Finish.STOP)
            return
        text = answer.take(token)
        self.context.totals.generated += 1
        if answer.generated >= self.plan.max_tokens:
            self._finish(answer, Finish.LENGTH, text)
        elif text:
            self._emit(Chunk(text, index=answer.index, likelihood=answer.likelihood))

    def _finish(self, answer: Answer, reason: Finish, text: str = "") -> None:
        text += answer.rest()
        usage = Usage(
            prompt_tokens=len(self.plan.tokens),
            cached_tokens=self._cached,
            generated_tokens=answer.generated,
            prefill_ms=self._prefill_ms,
            decode_ms=self._decode_ms,
        )
        answer.close()
        if all(other.finished for other in self._answers):
            self.close()
        self._emit(Chunk(text, reason, usage, answer.index, answer.likelihood))
