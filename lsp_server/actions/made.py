"""Makes an edit of an answer, or says why it must not become one."""

from dataclasses import dataclass, replace

from lsp_server.actions.answer import Code, code_of
from lsp_server.actions.demonstration import without_demonstration
from lsp_server.actions.edit import (
    added_lines,
    kept_comments,
    line_edits,
    replaced_lines,
    without_surroundings,
)
from lsp_server.actions.places import Place
from lsp_server.actions.result import Draft, EditResult
from lsp_server.actions.scruples import changes_code, defined_again, loses_comments, placeholder_in
from lsp_server.actions.subject import Subject
from lsp_server.actions.templates import ActionTemplate
from lsp_server.context.languages import Language, language_of
from lsp_server.context.syntax import parse, parse_text
from lsp_server.documents import DocumentSnapshot, apply_edits
from lsp_server.errors import AnswerError

# How a comment's line begins, by the language's line comment; all of them where it is not known.
_COMMENTS = {"//": ("//", "/*", "*"), "": ("#", "//", "--", ";", "/*", "*")}


@dataclass(frozen=True)
class Answer:
    """What the model wrote; `cut` where it had more to say than max_tokens."""

    text: str
    max_tokens: int
    cut: bool


@dataclass(frozen=True)
class Refusal:
    """Why an answer is no edit: for the user, and what the model may do better. `draft` is there
    where there is code to look at; `final` where another try would come to the same."""

    reason: str
    advice: str = ""
    draft: Draft | None = None
    final: bool = False


def edit_of(
    place: Place, subject: Subject, template: ActionTemplate, answer: Answer
) -> EditResult | Refusal:
    """The answer as an edit where that is safe."""
    language = subject.syntax
    try:
        code = code_of(answer.text, fence_tags(place.snapshot, language), subject.text)
        _check_language(code, place.snapshot, language)
    except AnswerError as error:
        return Refusal(error.message, f"Answer with one {subject.language} code block.")
    title = f"{template.title}: {subject.where}"
    if answer.cut and not code.closed:
        draft = Draft(title, subject.language, code.text)
        reason = f"The answer was cut at {answer.max_tokens} tokens (actions.max_tokens)."
        return Refusal(reason, draft=draft, final=True)
    text = without_demonstration(code.text, language, subject.text, subject.instruction)
    return _placed(place, subject, template, Draft(title, subject.language, text))


def _placed(
    place: Place, subject: Subject, template: ActionTemplate, draft: Draft
) -> EditResult | Refusal:
    """The code put in its place, if nothing speaks against it."""
    # What the model wrote may, or may not, begin and end with the lines around the place.
    for text in dict.fromkeys((without_surroundings(draft.code, place), draft.code)):
        lines = _new_lines(place, template, text, subject.syntax)
        edits = line_edits(place, lines)
        if not edits:
            advice = _COMMENT_IT if template.changes == "comments" else _CHANGE_IT
            return Refusal("The model's answer changed nothing.", advice)
        stand_in = placeholder_in(lines, place.lines)
        if stand_in:
            return Refusal(f"It has {stand_in!r} in place of code.", _WHOLE, draft)
        again = defined_again(lines, place.lines, _outside(place))
        if again:
            return Refusal(f"It defines {again} again.", _NOT_AGAIN.format(again), draft)
        after = replace(place.snapshot, text=apply_edits(place.snapshot.text, edits))
        if template.changes == "code" and _only_loses_comments(place.snapshot, after):
            return Refusal("It only leaves comments out.", _CHANGE_IT)
        beyond = _beyond_comments(place.snapshot, after) if template.changes == "comments" else ""
        if beyond:
            return Refusal(beyond, _ONLY_COMMENTS, draft)
        errors, errors_before = _error_counts(place.snapshot, after)
        if not errors or errors_before:
            more = "The file has more syntax errors than before." if errors > errors_before else ""
            return EditResult(edits, place.first, place.last, draft, more)
    reason = f"It would leave {subject.file_name} with a syntax error."
    return Refusal(reason, "Your code has a syntax error. Answer with code that parses.", draft)


_CHANGE_IT = "Your code is the same as before. Something in it is wrong: change it."
_COMMENT_IT = "The same code is no answer: write what was asked for."
_WHOLE = "Answer with the complete code, and leave nothing out."
_NOT_AGAIN = "The file has {} already. Answer only with what I showed you, corrected."
_ONLY_COMMENTS = "Keep every line of the code and every comment; only write comments."


def fence_tags(snapshot: DocumentSnapshot, language: Language | None) -> frozenset[str]:
    """What a fence around this language may be tagged with."""
    if language is None:
        return frozenset((snapshot.language.lower(),))
    extensions = (extension.removeprefix(".") for extension in language.extensions)
    return frozenset((language.name, *language.ids, *extensions))


def _check_language(code: Code, snapshot: DocumentSnapshot, language: Language | None) -> None:
    """Raises AnswerError for code tagged as another language, unless it is this one's after all:
    small models mistake C for C++ and the like."""
    found = language_of(code.tag, f"code.{code.tag}") if code.tag else None
    if found is None or found is language or code.tag in fence_tags(snapshot, language):
        return
    if language is None or parse_text(language, code.text).error_count():
        wanted = language.name if language else snapshot.language
        raise AnswerError(f"The model answered in {found.name}, not in {wanted}.")


def _outside(place: Place) -> list[str]:
    """The file's lines that the place leaves out."""
    count = place.snapshot.line_count
    numbers = (*range(place.first), *range(place.last + 1, count))
    return [place.snapshot.line(number) for number in numbers]


def _new_lines(
    place: Place, template: ActionTemplate, code: str, language: Language | None
) -> list[str]:
    starts = _COMMENTS.get(language.comment, (language.comment,)) if language else _COMMENTS[""]

    def is_comment(line: str) -> bool:
        return line.lstrip().startswith(starts)

    if template.produces == "insertion":
        return added_lines(place, code, is_comment)
    if template.changes == "comments":
        return replaced_lines(place, code)
    return kept_comments(place, code, is_comment)


def _error_counts(before: DocumentSnapshot, after: DocumentSnapshot) -> tuple[int, int]:
    """The number of syntax errors after and before; none where the language is not known."""
    old = parse(before)
    new = parse(after) if old else None
    return (new.error_count(), old.error_count()) if old and new else (0, 0)


def _only_loses_comments(before: DocumentSnapshot, after: DocumentSnapshot) -> bool:
    old, new = parse(before), parse(after)
    if old is None or new is None:
        return False
    return loses_comments(old, new) and not changes_code(old, new)


def _beyond_comments(before: DocumentSnapshot, after: DocumentSnapshot) -> str:
    """What an edit of comments does that it must not; nothing is certain without a grammar."""
    old, new = parse(before), parse(after)
    if old is None or new is None or changes_code(old, new):
        return "It changes more than comments."
    return "It leaves a comment out." if loses_comments(old, new) else ""
