"""From what the model wrote to what the user is shown: pure functions on text and syntax."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsp_server.completion.closers import (
    replaced_closers,
    spread,
    with_missing,
    without_doubled_opener,
    without_surplus,
)
from lsp_server.completion.indentation import as_the_file
from lsp_server.completion.limits import end_of, without_continuation, without_open_header
from lsp_server.completion.place import Place, lay_out, text_of
from lsp_server.context.brackets import still_open
from lsp_server.context.headers import opens_block
from lsp_server.context.scope import Shape
from lsp_server.context.syntax import SyntaxTree, reparsed
from lsp_server.documents import Edit

__all__ = ["Place", "Suggestion", "clean", "cut_control", "cut_loop", "cut_overlap"]

# The texts of control tokens. A model that spells one out has left the code. `</s>` is not among
# them: it is HTML, and as a token it never becomes text.
CONTROL = re.compile(
    r"▁?<(?:PRE|SUF|MID|EOT)>"
    r"|<\|(?:fim|repo|file|im|end|begin|start|eot|eom)\w*\|>"
    r"|<(?:fim_\w+|file_sep|repo_name|endoftext)>"
    r"|<｜(?:fim|begin|end|User|Assistant)[^｜\n]*｜>"
    r"|\[/?INST\]|<</?SYS>>"
)
_CONTROL_BEGUN = re.compile(r"<\|fim\w*\|?\Z")

_LOOP = re.compile(r"(?=[^\n]{0,11}\w)([^\n]{12,80}?)\1{3,}[^\n]*\Z")
_LOOPED = 1_000
# A rest of the line this long that comes again is that rest, whatever the model wrote after it.
_LONG_REST = 8
_SHORTEST_OVERLAP = 6


@dataclass(frozen=True)
class Suggestion:
    """Put `text` at the cursor, in the place of the next `replaces` code points, which are
    closers on the cursor's line that the text has itself."""

    text: str
    replaces: int


def clean(place: Place, middle: str) -> Suggestion | None:
    """What of the model's middle to show; None where nothing useful is left."""
    middle = cut_loop(cut_elided(place, cut_control(middle)))
    lines = as_the_file(place, lay_out(place, middle))
    lines = without_open_header(place, lines[: end_of(place, lines)])
    return _that_parses(place, lines) if lines else None


def cut_control(middle: str) -> str:
    """The middle up to the first text of a control token."""
    found = CONTROL.search(middle)
    return _CONTROL_BEGUN.sub("", middle[: found.start()] if found else middle)


def cut_elided(place: Place, middle: str) -> str:
    """The middle up to a body that the model left out, as bodies are in what it was shown."""
    return middle.partition(place.elided)[0] if place.elided else middle


def cut_loop(middle: str) -> str:
    """The middle with a last line that goes round in a circle cut after its first round."""
    found = _LOOP.search(middle, max(0, len(middle) - _LOOPED))
    return middle[: found.end(1)] if found else middle


def cut_overlap(place: Place, text: str) -> str:
    """A text within a line up to where it goes over into what follows on the line."""
    if not place.rest_has_words:
        return text
    kept = text[: _overlap_start(place, text)]
    return kept.rstrip(" ") if place.rest[0] == " " else kept


def reaches_rest(place: Place, text: str) -> bool:
    """Whether the text has come to what follows on the line, for certain."""
    return place.rest_has_words and _start_of_rest(place, text) is not None


def _start_of_rest(place: Place, text: str) -> int | None:
    rest = place.rest.strip()
    at = text.find(rest) if len(rest) >= _LONG_REST else -1
    return None if at < 0 or _is_in_word(place, text, at) else at


def _overlap_start(place: Place, text: str) -> int:
    rest = place.rest.strip()
    start = _start_of_rest(place, text)
    if start is not None:
        return start
    start = len(text.rstrip()) - len(rest)
    if text.rstrip().endswith(rest) and (len(rest) > 1 or not _is_in_word(place, text, start)):
        return start
    rest = place.rest.lstrip()
    for size in range(min(len(text), len(rest)), _SHORTEST_OVERLAP - 1, -1):
        start = len(text) - size
        if text.endswith(rest[:size]) and re.search(r"\w{3}", rest[:size]):
            return len(text) if _is_in_word(place, text, start) else start
    return len(text)


def _is_in_word(place: Place, text: str, at: int) -> bool:
    line = place.head + text
    at += len(place.head)
    return bool(re.match(r"\w", line[at:]) and re.search(r"\w\Z", line[:at]))


def _finished(place: Place, lines: list[str]) -> Suggestion | None:
    """The lines as a suggestion: overlap and surplus closers cut, missing ones added."""
    text = cut_overlap(place, text_of(place, without_continuation(place, lines)))
    text = _trimmed(place, without_doubled_opener(place, without_surplus(place, text)))
    if not _is_useful(text.strip()):
        return None
    text = spread(place, with_missing(place, text))
    replaces = replaced_closers(place, text)
    changes = text != place.rest[:replaces]
    return Suggestion(text, replaces) if changes else None


def _is_useful(text: str) -> bool:
    """Whether it takes more than one key to type; one is what accepting takes."""
    return len(text) > 1 or (bool(text) and not text.isascii())


def _trimmed(place: Place, text: str) -> str:
    """Without line ends and spaces at the end, unless code follows on the line."""
    return text.rstrip("\n") if place.rest_has_words else text.rstrip()


def _that_parses(place: Place, lines: list[str]) -> Suggestion | None:
    """The longest of a few starts of the lines that makes no more syntax errors than the document
    has; None where none does."""
    whole = _finished(place, lines)
    if whole is None or place.tree is None:
        return whole
    errors = _errors_with(place, place.tree, whole)
    if errors == 0:
        return whole
    before = place.tree.error_count()
    if errors <= before:
        return whole
    shorter = _shorter(place, lines, whole)
    return next((one for one in shorter if _errors_with(place, place.tree, one) <= before), None)


def _shorter(place: Place, lines: list[str], whole: Suggestion) -> Iterator[Suggestion]:
    """Without the last line, and the first line alone."""
    for count in sorted({len(lines) - 1, 1}, reverse=True):
        shorter = _finished(place, lines[:count]) if 0 < count < len(lines) else None
        if shorter is not None and shorter != whole:
            yield shorter


def _errors_with(place: Place, tree: SyntaxTree, suggestion: Suggestion) -> int:
    """The syntax errors of the document with the suggestion in it, and with what is still to be
    written there, if the suggestion goes on."""
    errors = _errors_after(place, tree, suggestion)
    if errors and _goes_on(place, suggestion):
        left_open = reversed(still_open(suggestion.text, place.language))
        closers = "".join(one.closer for one in left_open if one.closer != "\n")
        whole = replace(suggestion, text=suggestion.text + closers)
        errors = min(errors, _errors_after(place, tree, whole))
    return errors


def _errors_after(place: Place, tree: SyntaxTree, suggestion: Suggestion) -> int:
    start = len(place.before)
    end = start + suggestion.replaces
    return reparsed(tree, Edit(start, end, suggestion.text)).error_count()


def _goes_on(place: Place, suggestion: Suggestion) -> bool:
    """Whether a single line ends by opening something that the next completion will close, and
    that nothing in the document closes."""
    rest = place.rest[suggestion.replaces :]
    if place.shape is Shape.BLOCK or rest.strip() or place.closing.stray:
        return False
    line = (place.head + suggestion.text).rpartition("\n")[2]
    return opens_block(line, place.language) or line.endswith(("(", "[", ","))
