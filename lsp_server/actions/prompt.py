"""The messages of an action, made to fit n_ctx: counted with the model's own tokenizer.

What gives way: first the code around the selection, then, where the answer is only read, the
bodies of the selection's functions and its end. An edit needs to see all that it replaces, so it
is refused instead.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lsp_server.actions.excerpt import definitions_used, excerpt
from lsp_server.actions.spoken import spoken_language
from lsp_server.actions.subject import Subject, fence_for
from lsp_server.actions.templates import ActionTemplate, Variables
from lsp_server.config import Config
from lsp_server.context.budget import Count
from lsp_server.context.selection import selection_context
from lsp_server.documents import DocumentSnapshot
from lsp_server.engine.protocol import Engine, Message, Role
from lsp_server.errors import PromptTooLong

# A CPU reads about 180 tokens a second, a GPU thousands.
_CONTEXT_TOKENS = {False: 512, True: 2048}
_LEAST_CONTEXT = 32
# A token of code has 3 or 4 characters. A text far beyond that is too long without counting it.
_CHARACTERS_PER_TOKEN = 16
_SELECT_LESS = "Select fewer lines."
_LINE_END = re.compile(r"\r\n?")


@dataclass(frozen=True)
class ActionPrompt:
    """A prompt that fits. `lines_left_out` of the selection are not in it. `later` are the messages
    of further attempts, which may have more to say."""

    messages: tuple[Message, ...]
    later: tuple[Message, ...]
    max_tokens: int
    n_ctx: int
    lines_left_out: int = 0


async def again(prompt: ActionPrompt, answer: str, advice: str, engine: Engine) -> ActionPrompt:
    """The prompt of a further attempt with the advice: as a reply to the answer, or, without one,
    as a part of it. Where neither fits n_ctx, the first attempt's."""
    *before, asked = prompt.later
    told = (*before, Message("user", f"{asked.content}\n{advice}"))
    replied = (*prompt.later, Message("assistant", answer), Message("user", advice))
    room = prompt.n_ctx - prompt.max_tokens
    for messages in (replied, told) if answer.strip() else (told,):
        if await engine.count_chat_tokens(messages) <= room:
            return replace(prompt, messages=messages)
    return prompt


async def fitted_prompt(
    subject: Subject, template: ActionTemplate, engine: Engine, config: Config
) -> ActionPrompt:
    """The prompt with as much of the context and the selection as fits. Raises PromptTooLong where
    an edit's selection does not, ModelError where the model can't be loaded."""
    info = await engine.ready()
    longest = min(config.actions.max_tokens, template.max_tokens or config.actions.max_tokens)
    spoken = spoken_language(config.actions.language)
    system = config.actions.system
    if not template.edits and spoken != "English":
        system = f"{system} Answer in {spoken}.".strip()
    definitions = ""
    if "definitions" in template.names:
        definitions = await asyncio.to_thread(_definitions, subject)
    fitting = _Fitting(
        subject,
        template,
        engine,
        system,
        spoken,
        definitions,
        info.n_ctx,
        min(longest, info.n_ctx // 2),
    )
    if template.edits:
        await fitting.check_answer_fits()
    bare = subject.text[: fitting.room * _CHARACTERS_PER_TOKEN]
    if len(bare) < len(subject.text) or await fitting.size(bare) > fitting.room:
        return await fitting.trimmed(bare)
    return await fitting.with_context(_CONTEXT_TOKENS[info.gpu])


@dataclass(frozen=True)
class _Fitting:
    subject: Subject
    template: ActionTemplate
    engine: Engine
    system: str
    spoken: str
    definitions: str
    n_ctx: int
    max_tokens: int

    @property
    def room(self) -> int:
        """The tokens that the prompt may have."""
        return self.n_ctx - self.max_tokens

    async def size(self, selection: str, context: str = "") -> int:
        return await self.engine.count_chat_tokens(self._messages(selection, context))

    async def check_answer_fits(self) -> None:
        """Raises PromptTooLong where the changed selection would be longer than an answer may."""
        text = self.subject.text
        most = f"an answer of {self.max_tokens} tokens (actions.max_tokens)"
        if len(text) > self.max_tokens * _CHARACTERS_PER_TOKEN:
            raise PromptTooLong(f"The selection is too long for {most}.", _SELECT_LESS)
        [tokens] = await self.engine.count_tokens(Role.INSTRUCT, [text])
        if tokens > self.max_tokens:
            raise PromptTooLong(f"The selection's {tokens} tokens exceed {most}.", _SELECT_LESS)

    async def with_context(self, most: int) -> ActionPrompt:
        """The whole selection and, for a template that asks for it, what fits of the code around
        it."""
        selection = self.subject.text
        most = most if self.template.context == "outline" else 0
        budget = min(self.room - await self.size(selection), most)
        while budget >= _LEAST_CONTEXT:
            context = await self._context(budget)
            if await self.size(selection, context) <= self.room:
                return self._prompt(selection, context)
            budget //= 2
        return self._prompt(selection)

    def _prompt(self, selection: str, context: str = "", left_out: int = 0) -> ActionPrompt:
        first, later = (self._messages(selection, context, attempt) for attempt in (1, 2))
        return ActionPrompt(first, later, self.max_tokens, self.n_ctx, left_out)

    async def trimmed(self, selection: str) -> ActionPrompt:
        """The selection's first lines and the heads of the others; of a line that is too long
        itself, its start."""
        room = self.room - await self.size(self._with_note("", 0))
        if self.template.edits or room < _LEAST_CONTEXT:
            message = f"The selection does not fit the model's n_ctx of {self.n_ctx} tokens."
            raise PromptTooLong(message, f"{_SELECT_LESS} Or raise engine.n_ctx.")
        total = self.subject.text.count("\n") + 1
        while True:
            shown = await self._excerpt(room) or await self._start(selection, room)
            left_out = max(total - shown.count("\n") - 1, 1)
            noted = self._with_note(shown, left_out)
            if await self.size(noted) <= self.room:
                return self._prompt(noted, left_out=left_out)
            room = room * 9 // 10

    async def _excerpt(self, room: int) -> str:
        subject = self.subject
        return await self._chosen(excerpt, subject.snapshot, subject.start, subject.end, room)

    async def _start(self, selection: str, room: int) -> str:
        """As much of the selection's start as has about `room` tokens."""
        [tokens] = await self.engine.count_tokens(Role.INSTRUCT, [selection])
        return _cut_at_line(selection, len(selection) * room // max(tokens, room + 1))

    def _with_note(self, selection: str, left_out: int) -> str:
        language = self.subject.syntax
        note = f"... {left_out} more lines are left out here ..."
        return f"{selection}\n{language.comment_line(note) if language else note}"

    def _messages(self, selection: str, context: str = "", attempt: int = 1) -> tuple[Message, ...]:
        subject = self.subject
        variables = Variables(
            language=subject.language,
            file_name=subject.file_name,
            selection=selection,
            context=context,
            definitions=self.definitions,
            attempt=attempt,
            diagnostics=subject.known_wrong,
            instruction=subject.instruction,
            answer_language=self.spoken,
            fence=fence_for(selection + context),
        )
        user = Message("user", self.template.render(variables))
        return (Message("system", self.system), user) if self.system else (user,)

    async def _context(self, budget: int) -> str:
        subject = self.subject
        return await self._chosen(
            selection_context, subject.snapshot, subject.start, subject.end, budget
        )

    async def _chosen(
        self,
        choose: Callable[[DocumentSnapshot, int, int, int, Count], str],
        snapshot: DocumentSnapshot,
        start: int,
        end: int,
        budget: int,
    ) -> str:
        """Code that is chosen on a thread, which asks back for counts."""
        loop = asyncio.get_running_loop()

        def count(texts: Sequence[str]) -> list[int]:
            counting = self.engine.count_tokens(Role.INSTRUCT, texts)
            return asyncio.run_coroutine_threadsafe(counting, loop).result()

        code = await asyncio.to_thread(choose, snapshot, start, end, budget, count)
        return _LINE_END.sub("\n", code).strip("\n")


def _definitions(subject: Subject) -> str:
    snapshot = subject.snapshot
    last = snapshot.line_of(max(subject.start, subject.end - 1))
    return "\n".join(definitions_used(snapshot, snapshot.line_of(subject.start), last))


def _cut_at_line(text: str, limit: int) -> str:
    """At most `limit` characters, whole lines where they are not most of it."""
    line_end = text.rfind("\n", 0, limit)
    return text[: line_end if line_end > limit // 2 else limit]
