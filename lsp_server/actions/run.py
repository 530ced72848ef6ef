"""One code action, from an offer to an edit or a page.

    offer -> subject (which lines) -> prompt (fitted) -> answer (streamed) -> edit or page

Closing or cancelling the coroutine closes the engine's stream, which stops the generation.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from lsp_server.actions.answer import HINT, Code, code_of, plain_text
from lsp_server.actions.edit import added_lines, line_edits, replaced_lines, without_surroundings
from lsp_server.actions.offers import Offer
from lsp_server.actions.places import Place, diagnostic_place, selected_place
from lsp_server.actions.prompt import ActionPrompt, fitted_prompt
from lsp_server.actions.subject import Subject, fence_for
from lsp_server.actions.templates import ActionTemplate
from lsp_server.config import Config
from lsp_server.context.languages import Language, language_of
from lsp_server.context.syntax import parse, parse_text
from lsp_server.documents import DocumentSnapshot, Edit, apply_edits
from lsp_server.engine.protocol import ChatRequest, Engine, Finish
from lsp_server.errors import AnswerError

# How a comment's line begins, by the language's line comment; all of them where it is not known.
_COMMENTS = {"//": ("//", "/*", "*"), "": ("#", "//", "--", ";", "/*", "*")}

OnProgress = Callable[[str], None]


@dataclass(frozen=True)
class EditResult:
    """Edits of the snapshot that was asked about, none of which overlap."""

    edits: tuple[Edit, ...]
    warning: str = ""


@dataclass(frozen=True)
class PageResult:
    """Something to read."""

    title: str
    markdown: str


@dataclass(frozen=True)
class _Answer:
    text: str
    max_tokens: int
    cut: bool


async def run(
    offer: Offer,
    template: ActionTemplate,
    snapshot: DocumentSnapshot,
    engine: Engine,
    config: Config,
    on_progress: OnProgress | None = None,
    instruction: str = "",
) -> EditResult | PageResult:
    """Ask the model and make what the template says of its answer. `on_progress` gets each piece
    of the answer. Raises AnswerError, PromptTooLong, PromptFileError, ModelError, EngineError."""
    place, whole_lines = await asyncio.to_thread(_place, offer, snapshot)
    start, end = offer.start, offer.end
    if template.edits or whole_lines:
        start, end = place.start, place.end
    subject = Subject(snapshot, start, end, offer.diagnostics, instruction)
    prompt = await fitted_prompt(subject, template, engine, config)
    answer = await _answer(prompt, engine, config, on_progress)
    if template.edits:
        return await asyncio.to_thread(_edited, place, subject, template, answer)
    return _page(subject, template, prompt, answer)


def _place(offer: Offer, snapshot: DocumentSnapshot) -> tuple[Place, bool]:
    """The lines that the offer is about, and whether it is about all of them even where it is only
    read: what was selected is explained as it was selected."""
    start, end = (min(offset, len(snapshot.text)) for offset in (offer.start, offer.end))
    of_diagnostic = [(d.start, d.end) for d in offer.diagnostics] == [(offer.start, offer.end)]
    place_of = diagnostic_place if of_diagnostic else selected_place
    place = place_of(snapshot, start, end)
    if place is None:
        raise AnswerError(f"There is nothing to {offer.action} here.", "Select some code.")
    return place, of_diagnostic or start == end


async def _answer(
    prompt: ActionPrompt, engine: Engine, config: Config, on_progress: OnProgress | None
) -> _Answer:
    pieces, cut = [], False
    request = ChatRequest(prompt.messages, prompt.max_tokens, config.sampling)
    async with aclosing(engine.chat(request)) as stream:
        async for chunk in stream:
            pieces.append(chunk.text)
            cut = chunk.finish is Finish.LENGTH
            if on_progress and chunk.text:
                on_progress(chunk.text)
    return _Answer("".join(pieces), prompt.max_tokens, cut)


def _page(
    subject: Subject, template: ActionTemplate, prompt: ActionPrompt, answer: _Answer
) -> PageResult:
    text = plain_text(answer.text, subject.text).strip()
    if not text:
        raise AnswerError("The model's answer was empty.", HINT)
    notes = []
    if answer.cut:
        notes.append(f"The answer was cut at {answer.max_tokens} tokens.")
    if prompt.lines_left_out:
        count = prompt.lines_left_out
        notes.append(f"The last {count} lines did not fit the model's n_ctx and were left out.")
    title = f"{template.title}: {subject.where}"
    return PageResult(title, _markdown(title, *(f"> {note}" for note in notes), _closed(text)))


def _markdown(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"


def _closed(text: str) -> str:
    """The text with its last fence closed."""
    fences = [line for line in text.split("\n") if line.startswith("```")]
    return f"{text}\n```" if len(fences) % 2 else text


def _edited(
    place: Place, subject: Subject, template: ActionTemplate, answer: _Answer
) -> EditResult | PageResult:
    """The answer as an edit where that is safe; else a page that says why not, with the code."""
    language = language_of(place.snapshot.language, place.snapshot.uri)
    code = code_of(answer.text, _tags(place.snapshot, language), subject.text)
    _check_language(code, place.snapshot, language)
    if answer.cut and not code.closed:
        reason = f"The answer was cut at {answer.max_tokens} tokens (actions.max_tokens)."
        return _not_applied(subject, template, code, reason)
    # What the model wrote may, or may not, begin and end with the lines around the place.
    for text in dict.fromkeys((without_surroundings(code.text, place), code.text)):
        edits = line_edits(place, _new_lines(place, template, text, language))
        if not edits:
            raise AnswerError("The model's answer changed nothing.", HINT)
        errors, errors_before = _errors_after(place.snapshot, edits)
        if not errors or errors_before:
            more = "The file has more syntax errors than before." if errors > errors_before else ""
            return EditResult(edits, more)
    reason = f"It would leave {subject.file_name} with a syntax error."
    return _not_applied(subject, template, code, reason)


def _tags(snapshot: DocumentSnapshot, language: Language | None) -> frozenset[str]:
    """What a fence around this language may be tagged with."""
    if language is None:
        return frozenset((snapshot.language.lower(),))
    extensions = (extension.removeprefix(".") for extension in language.extensions)
    return frozenset((language.name, *language.ids, *extensions))


def _check_language(code: Code, snapshot: DocumentSnapshot, language: Language | None) -> None:
    """Raises AnswerError for code tagged as another language, unless it is this one's after all:
    small models mistake C for C++ and the like."""
    found = language_of(code.tag, f"code.{code.tag}") if code.tag else None
    if found is None or found is language or code.tag in _tags(snapshot, language):
        return
    if language is None or parse_text(language, code.text).error_count():
        wanted = language.name if language else snapshot.language
        raise AnswerError(f"The model answered in {found.name}, not in {wanted}.", HINT)


def _new_lines(
    place: Place, template: ActionTemplate, code: str, language: Language | None
) -> list[str]:
    if template.produces == "edit":
        return replaced_lines(place, code)
    starts = _COMMENTS.get(language.comment, (language.comment,)) if language else _COMMENTS[""]
    return added_lines(place, code, lambda line: line.lstrip().startswith(starts))


def _errors_after(snapshot: DocumentSnapshot, edits: tuple[Edit, ...]) -> tuple[int, int]:
    """The number of syntax errors with the edits and before; none where the language is not
    known."""
    before = parse(snapshot)
    after = parse(replace(snapshot, text=apply_edits(snapshot.text, edits))) if before else None
    return (after.error_count(), before.error_count()) if before and after else (0, 0)


def _not_applied(subject: Subject, template: ActionTemplate, code: Code, reason: str) -> PageResult:
    fence = fence_for(code.text)
    title = f"{template.title}: {subject.where}"
    block = f"{fence}{subject.language}\n{code.text}\n{fence}"
    return PageResult(title, _markdown(title, f"> **Not applied.** {reason}", block))
