"""One generation, advanced step by step by the worker so that several can take turns."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lsp_server.config import Sampling
from lsp_server.engine.llama.answer import Answer
from lsp_server.engine.llama.context import LlamaContext, Part
from lsp_server.engine.llama.kv_cache import KvSequence, Reuse
from lsp_server.engine.llama.lookup import Lookup
from lsp_server.engine.protocol import Chunk, Finish, Usage

# So many tokens of a whole prompt are read before an answer from it; where more are unread, the
# near prompt serves, unless it has nearly as many.
_READ_AT_ONCE = 64
_HARDLY_MORE = 1.2


class Priority(IntEnum):
    """Typing goes before chat, and both before what idle time is used for."""

    TYPING = 0
    CHAT = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Prompt:
    """What is read, and the bytes that the first generated tokens have to spell."""

    tokens: list[int]
    constraint: bytes = b""


@dataclass(frozen=True)
class Plan:
    """What to generate from, how much, and where to end.

    `near` is a shorter prompt for the same answer, taken where the whole one would have to be read
    first. With `move` cached blocks may be used at other places than those where they were read.
    With `copies` the answer may well repeat parts of the prompt, which are then guessed.
    `others` says how further answers to the same prompt are sampled.
    """

    prompt: Prompt
    max_tokens: int
    sampling: Sampling
    priority: Priority
    end: frozenset[int] = frozenset()
    near: Prompt | None = None
    move: bool = False
    copies: bool = False
    others: tuple[Sampling, ...] = ()

    @property
    def length(self) -> int:
        """The most tokens that prompt and answers come to."""
        longest = max(len(prompt.tokens) for prompt in (self.prompt, self.near) if prompt)
        return longest + self.max_tokens * (1 + len(self.others))


class Generation:
    """A plan under way in one context. `emit` gets every chunk, on the worker's thread.

    The prompt is read once. Where several answers are wanted, its sequence is forked then, and each
    decode has the next token of all of them.
    """

    def __init__(self, plan: Plan, context: LlamaContext, emit: Callable[[Chunk], None]) -> None:
        self.plan = plan
        self.context = context
        self.priority = plan.priority
        self.cancelled = False
        self.finished = False
        self._emit = emit
        self._answers = [
            Answer(index, context, sampling)
            for index, sampling in enumerate([plan.sampling, *plan.others])
        ]
        self._prompt = plan.prompt
        self._sequence: KvSequence | None = None
        self._lookup: Lookup | None = None
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
        return self._sequence is not None or self.context.kv.has_room(self.plan.length)

    @property
    def width(self) -> int:
        """How many tokens its next step has, once its prompt was read."""
        return sum(not answer.finished for answer in self._answers)

    def next_parts(self, room: int, guesses: int = 0) -> list[Part]:
        """What it wants evaluated next, at most `room` tokens, so many of them guesses. Only where
        `can_step`."""
        sequence = self._sequence or self._begin()
        if self._reading:
            until = self.context.kv.until_parked(sequence)
            part = self._answers[0].next_part(room if until is None else min(room, until))
            self._asked = [(self._answers[0], part)]
        else:
            writing = [answer for answer in self._answers if not answer.finished]
            self._asked = [(answer, answer.next_part(1)) for answer in writing[:room]]
            if self._lookup:
                self._guess(self._lookup, min(guesses, room - 1))
        return [part for _, part in self._asked]

    def evaluated(self, milliseconds: float) -> None:
        """The parts that it asked for were evaluated, as far as they say; it took so long."""
        for answer, part in self._asked:
            if part.guessed and part.done < len(part.tokens):
                self._take_back(part, part.done)
                part.done = 0
            answer.evaluated(part.done)
        if self._reading:
            self._prefill_ms += milliseconds
            if self._sequence:
                self._answers[0].evaluated(self.context.kv.attach(self._sequence))
        else:
            self._decode_ms += milliseconds

    def advance(self) -> None:
        """Choose the tokens that follow, where nothing is left to evaluate before them."""
        ready = [(answer, part) for answer, part in self._asked if not answer.pending]
        if ready and self._reading:
            self._reading = False
            ready = self._forked(ready[0][1])
        for answer, part in ready:
            self._accept_all(answer, part)

    def close(self) -> None:
        """Give the sequences back; what the first one holds stays for the next prompt."""
        self.finished = True
        for answer in self._answers:
            answer.close()
            if answer.sequence not in (None, self._sequence):
                self.context.kv.end_fork(answer.sequence)
            answer.sequence = None
        if self._sequence is not None:
            self.context.kv.release(self._sequence)
            self._sequence = None

    def _begin(self) -> KvSequence:
        """Choose the prompt, and take the sequence that holds the most of it."""
        kv = self.context.kv
        self._prompt, reuse = self._chosen()
        self._cached = len(self._prompt.tokens) - reuse.unread
        self._sequence = kv.take(reuse, self._prompt.tokens, self.plan.length)
        if self.plan.copies and not self.plan.others:
            self._lookup = Lookup(self._prompt.tokens)
        for answer in self._answers:
            answer.constraint = self._prompt.constraint
        self._answers[0].sequence = self._sequence
        self._answers[0].pending = self._prompt.tokens[len(self._sequence.tokens) :]
        return self._sequence

    def _chosen(self) -> tuple[Prompt, Reuse]:
        """The whole prompt where little of it is unread, or hardly more than of the near one."""
        kv, near = self.context.kv, self.plan.near
        whole = kv.reuse(self.plan.prompt.tokens, move=self.plan.move)
        if near is None or whole.unread <= _READ_AT_ONCE:
            return self.plan.prompt, whole
        nearer = kv.reuse(near.tokens, move=self.plan.move)
        if whole.unread <= _HARDLY_MORE * nearer.unread:
            return self.plan.prompt, whole
        return near, nearer

    def _forked(self, part: Part) -> list[tuple[Answer, Part]]:
        """All answers, each with a sequence that holds the prompt; the logits after it serve all.
        There are fewer, the others empty, where another generation has the forks."""
        for answer in self._answers[1:]:
            answer.sequence = self.context.kv.fork(part.sequence)
            if answer.sequence is None:
                self._finish(answer, Finish.LENGTH)
        return [(answer, part) for answer in self._answers if not answer.finished]

    def _guess(self, lookup: Lookup, most: int) -> None:
        """Have what may follow evaluated with the next token of the one answer."""
        answer, part = self._asked[0]
        left = self.plan.max_tokens - answer.generated
        guesses = lookup.guess(min(most, left - 1))
        part.tokens, part.guessed = [*part.tokens, *guesses], len(guesses)

    def _take_back(self, part: Part, count: int) -> None:
        """Forget the last tokens of a part, which were evaluated in vain."""
        self.context.kv.truncate(part.sequence, len(part.sequence.tokens) - count)

    def _accept_all(self, answer: Answer, part: Part) -> None:
        """The token that follows the part, or those: as many guesses as are what is chosen."""
        if self._lookup is None:
            self._accept(answer, self.context.logits(part))
            return
        for right in range(part.guessed + 1):
            wrong = part.guessed - right
            self._accept(answer, self.context.logits(part, back=wrong))
            if answer.finished:
                return
            self._lookup.extend(answer.pending)
            if wrong and answer.pending[0] != part.tokens[-wrong]:
                self._take_back(part, wrong)
                break
        self._lookup.learn(part.guessed, right)

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
            prompt_tokens=len(self._prompt.tokens),
            cached_tokens=self._cached,
            generated_tokens=answer.generated,
            prefill_ms=self._prefill_ms,
            decode_ms=self._decode_ms,
        )
        answer.close()
        if all(other.finished for other in self._answers):
            self.close()
        self._emit(Chunk(text, reason, usage, answer.index, answer.likelihood))
