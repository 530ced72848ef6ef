"""One code action, from an offer to an edit or a page.

    offer -> subject (which lines) -> prompt (fitted) -> answer (streamed) -> edit or page

An answer that can't become an edit is asked for again, the reason told to the model. Closing or
cancelling the coroutine closes the engine's stream, which stops the generation.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

import attrs

from lsp_server.actions.answer import HINT, is_whole, plain_text
from lsp_server.actions.made import Answer, Refusal, edit_of, fence_tags
from lsp_server.actions.offers import Offer
from lsp_server.actions.places import Place, diagnostic_place, empty_place, selected_place
from lsp_server.actions.prompt import ActionPrompt, again, fitted_prompt
from lsp_server.actions.result import EditResult, PageResult, markdown
from lsp_server.actions.subject import Subject
from lsp_server.actions.templates import ActionTemplate
from lsp_server.config import Config, Sampling
from lsp_server.documents import DocumentSnapshot
from lsp_server.engine.protocol import ChatRequest, Engine, Finish
from lsp_server.errors import AnswerError

MOST_TRIES = 3
# The last try leaves the likeliest path, which led to the same failure twice. The seed is fixed,
# so the answer still repeats.
_LAST_TEMPERATURE = 0.6

OnProgress = Callable[[str], None]


@dataclass(frozen=True)
class _Asking:
    """What is asked, and how."""

    subject: Subject
    template: ActionTemplate
    engine: Engine
    sampling: Sampling
    on_progress: OnProgress | None

    async def answer(self, prompt: ActionPrompt, sampling: Sampling | None = None) -> Answer:
        """The model's answer; of an edit's, no more than its code."""
        subject = self.subject
        tags = fence_tags(subject.snapshot, subject.syntax)
        text, cut = "", False
        request = ChatRequest(
            prompt.messages,
            prompt.max_tokens,
            sampling or self.sampling,
            copies=self.template.edits,
        )
        async with aclosing(self.engine.chat(request)) as stream:
            async for chunk in stream:
                text += chunk.text
                cut = chunk.finish is Finish.LENGTH
                if self.on_progress and chunk.text:
                    self.on_progress(chunk.text)
                if self.template.edits and _ends_block(text) and is_whole(text, tags, subject.text):
                    break
        return Answer(text, prompt.max_tokens, cut)


async def run(
    offer: Offer,
    template: ActionTemplate,
    snapshot: DocumentSnapshot,
    engine: Engine,
    config: Config,
    on_progress: OnProgress | None = None,
    instruction: str = "",
    on_retry: OnProgress | None = None,
) -> EditResult | PageResult:
    """Ask the model and make what the template says of its answer. `on_progress` gets each piece
    of the answer, `on_retry` the reason for each further try. Raises AnswerError, PromptTooLong,
    PromptFileError, ModelError, EngineError."""
    place, whole_lines = await asyncio.to_thread(_place, offer, template, snapshot, instruction)
    start, end = offer.start, offer.end
    if template.edits or whole_lines:
        start, end = place.start, place.end
    subject = Subject(snapshot, start, end, offer.diagnostics, instruction)
    asking = _Asking(subject, template, engine, _sampling(template, config), on_progress)
    prompt = await fitted_prompt(subject, template, engine, config)
    if not template.edits:
        return _page(subject, template, prompt, await asking.answer(prompt))
    return await _tried(asking, prompt, place, config.actions.time_limit, on_retry)


def _sampling(template: ActionTemplate, config: Config) -> Sampling:
    if template.temperature is None:
        return config.sampling
    return attrs.evolve(config.sampling, temperature=float(template.temperature))


def _place(
    offer: Offer, template: ActionTemplate, snapshot: DocumentSnapshot, instruction: str
) -> tuple[Place, bool]:
    """The lines that the offer is about, and whether it is about all of them even where it is only
    read: what was selected is explained as it was selected."""
    start, end = (min(offset, len(snapshot.text)) for offset in (offer.start, offer.end))
    of_diagnostics = bool(offer.diagnostics) and (offer.start, offer.end) == (
        min(d.start for d in offer.diagnostics),
        max(d.end for d in offer.diagnostics),
    )
    place_of = diagnostic_place if of_diagnostics else selected_place
    place = place_of(snapshot, start, end)
    if place is None and start == end and (instruction or "empty-line" in template.applies):
        place = empty_place(snapshot, start)
    if place is None:
        raise AnswerError(f"There is nothing to {offer.action} here.", "Select some code.")
    return place, of_diagnostics or start == end


async def _tried(
    asking: _Asking,
    prompt: ActionPrompt,
    place: Place,
    time_limit: float,
    on_retry: OnProgress | None,
) -> EditResult | PageResult:
    """The edit of the first answer that can become one. The further tries have what the first
    left of the time limit; of failures, one with code to look at is shown."""
    until = time.monotonic() + time_limit
    answer = await asking.answer(prompt)
    made = await asyncio.to_thread(edit_of, place, asking.subject, asking.template, answer)
    shown = made
    for number in range(2, MOST_TRIES + 1):
        left = until - time.monotonic()
        if isinstance(made, EditResult) or made.final or left <= 0:
            break
        if on_retry:
            on_retry(made.reason)
        try:
            async with asyncio.timeout(left):
                answer = await _again(asking, prompt, answer, made, number)
        except TimeoutError:
            break
        made = await asyncio.to_thread(edit_of, place, asking.subject, asking.template, answer)
        shown = shown if isinstance(made, Refusal) and not made.draft else made
    if isinstance(shown, EditResult):
        return shown
    if shown.draft:
        return shown.draft.page(shown.reason)
    raise AnswerError(shown.reason, HINT)


async def _again(
    asking: _Asking, prompt: ActionPrompt, answer: Answer, refusal: Refusal, number: int
) -> Answer:
    sampling = asking.sampling
    if number == MOST_TRIES:
        sampling = attrs.evolve(sampling, temperature=max(_LAST_TEMPERATURE, sampling.temperature))
    # Shown an answer that changed nothing, a small model gives it again: on the 0.5B model, of
    # eleven bugs none was repaired so, four without it. Code that failed is worth a second look.
    said = plain_text(answer.text, asking.subject.text) if refusal.draft else ""
    followed = await again(prompt, said, refusal.advice, asking.engine)
    return await asking.answer(followed, sampling)


def _ends_block(text: str) -> bool:
    """Whether the last line that is whole may be a closing fence."""
    lines = text[-200:].split("\n")
    return len(lines) > 1 and lines[-2].strip()[:3] in ("```", "~~~")


def _page(
    subject: Subject, template: ActionTemplate, prompt: ActionPrompt, answer: Answer
) -> PageResult:
    text = plain_text(answer.text, subject.text).strip()
    if not text:
        raise AnswerError("The model's answer was empty.", HINT)
    notes = []
    if answer.cut:
        notes.append(f"The answer was cut at {answer.max_tokens} tokens.")
    if prompt.lines_left_out:
        count = prompt.lines_left_out
        notes.append(f"{count} lines did not fit the model's n_ctx and were left out.")
    title = f"{template.title}: {subject.where}"
    text = markdown(title, *(f"> {note}" for note in notes), _closed(text))
    return PageResult(title, text, tuple(notes))


def _closed(text: str) -> str:
    """The text with its last fence closed."""
    fences = [line for line in text.split("\n") if line.startswith("```")]
    return f"{text}\n```" if len(fences) % 2 else text
