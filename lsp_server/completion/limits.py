"""Where a completion ends: rules on the whole lines it would make.

Each rule returns the number of lines that belong to the completion, or None where it sees no end.
The stream is stopped and the result is cut by the same rules.
"""

import re
from collections.abc import Callable

from lsp_server.completion.place import Place, text_of
from lsp_server.completion.similarity import has_words, nearly_equal
from lsp_server.context.brackets import scan
from lsp_server.context.headers import opens_block
from lsp_server.context.indent import width
from lsp_server.context.scope import Shape

MOST_LINES = 24
_LONGEST_CYCLE = 8

_CLOSING_WORD = re.compile(r"\s*(?:end|fi|done|esac|until)\b")
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|async|pub(?:\(\w+\))?"
    r"|abstract|final|override|local|unsafe)\s+)*"
)
_KEYWORDS = "def|class|fn|func|function|impl|struct|enum|trait|interface|type|module|namespace"
_STATEMENTS = "if|for|foreach|while|switch|catch|using|lock|synchronized|with|match|return|else"
_DEFINITION = re.compile(
    r"\s*(?:@|#\[|\[[A-Z]\w*(?:\(.*\))?\]\s*$"
    rf"|{_MODIFIERS}(?:{_KEYWORDS})\b"
    # A method that no keyword tells: `public int size()`, `size(): number {`.
    r"|(?:public|private|protected|internal)\s[^=;]*\("
    rf"|(?!.*\b(?:{_STATEMENTS})\b)(?:[\w<>\[\],.?:]+\s+)*[\w$#]+\([^()]*\)[^=;(){{}}]*\{{\s*$)"
)
_PREPROCESSOR = re.compile(r"#\s*(?:if|ifdef|ifndef|el|endif|define|undef|include|pragma|region)")

Rule = Callable[[Place, list[str]], int | None]


# Words that leave a block, and words that go on with one at its own indentation.
_LEAVES = re.compile(r"\s*(?:return|raise|break|continue)\b")
_BRANCH = re.compile(r"\s*(?:case|default|else|elif|except|finally|when|elsif|rescue|ensure)\b")


def end_of(place: Place, lines: list[str]) -> int | None:
    """How many of the lines belong to the completion; None where no rule sees an end in them."""
    rules = _LINE_RULES if place.shape is Shape.LINE else _BLOCK_RULES
    if place.shape is Shape.LINE and _lacks_body(place, lines):
        rules = _BODY_RULES
    ends = [end for rule in rules if (end := rule(place, lines)) is not None]
    return min(ends, default=None)


def _the_line(place: Place, lines: list[str]) -> int | None:
    """The line that a completion of one line completes: the cursor's, or where that was complete
    already, the next one with text."""
    if lines[0][len(place.head) :].strip() or place.rest.strip():
        return 0
    return next((i for i in range(1, len(lines)) if lines[i].strip()), None)


def _end_of_line(place: Place, lines: list[str]) -> int | None:
    line = _the_line(place, lines)
    return None if line is None else line + 1


def _lacks_body(place: Place, lines: list[str]) -> bool:
    """Whether the one line is a header that nothing below it fills: it needs its body, too."""
    line = _the_line(place, lines)
    language = place.language
    if line is None or place.rest.strip() or language is None or language.name != "python":
        return False
    return opens_block(lines[line], language) and width(place.next_line) <= width(lines[line])


def _end_of_body(place: Place, lines: list[str]) -> int | None:
    """A line left of the body of the header that the one line is."""
    header = _the_line(place, lines)
    if header is None:
        return None
    body = next((i for i in range(header + 1, len(lines)) if lines[i].strip()), None)
    if body is None:
        return None
    floor = width(lines[body])
    if floor <= width(lines[header]):
        return header + 1
    quoted = lines_in_quotes(place, lines)
    return next(
        (
            i
            for i in range(body + 1, len(lines))
            if lines[i].strip() and i not in quoted and width(lines[i]) < floor
        ),
        None,
    )


def end_of_block(place: Place, lines: list[str]) -> int | None:
    """A line left of the block that was begun. Its closer still belongs to it."""
    start = _first_filled(place, lines)
    if start is None:
        return None
    outer = width(place.head) if start else -1
    floor = width(lines[start])
    if floor <= outer:
        if _closes(lines[start]):
            return start + 1
        if place.head.rstrip()[-1] not in "{([":
            return start if lines[0] == place.head else 1
    quoted = lines_in_quotes(place, lines)
    for i in range(start + 1, len(lines)):
        if not lines[i].strip() or i in quoted or _is_preprocessor(place, lines[i]):
            continue
        if width(lines[i]) < floor or (width(lines[i]) <= outer and _closes(lines[i])):
            return i + 1 if _closes(lines[i]) and not _has_closer_below(place, lines[i]) else i
    return None


def _end_of_definition(place: Place, lines: list[str]) -> int | None:
    """An empty line and then a second statement, after a first one with a body that was a
    definition or at the left margin."""
    start = _first_filled(place, lines)
    if start is None:
        return None
    floor = width(lines[start])
    if floor and not _DEFINITION.match(lines[start]):
        return None
    quoted = lines_in_quotes(place, lines)
    had_body = False
    for i in range(start + 1, len(lines)):
        had_body = had_body or (bool(lines[i].strip()) and width(lines[i]) > floor)
        is_next = bool(lines[i].strip()) and not lines[i - 1].strip() and width(lines[i]) == floor
        if had_body and is_next and i not in quoted and not _closes(lines[i]):
            return i
    return None


def _end_at_exit(place: Place, lines: list[str]) -> int | None:
    """A line after the first that leaves the block in which the next line below stands: that
    would never be reached."""
    start = _first_filled(place, lines)
    if start is None or not place.next_line or place.rest.strip():
        return None
    quoted = lines_in_quotes(place, lines)
    later = range(start + 1, len(lines))
    return next(
        (
            i
            for i in later
            if i not in quoted
            and _LEAVES.match(lines[i])
            and width(lines[i]) == width(lines[start]) == width(place.next_line)
            and not _closes(place.next_line)
            and not _BRANCH.match(place.next_line)
        ),
        None,
    )


def _end_at_gap(place: Place, lines: list[str]) -> int | None:
    """A second empty line in a row."""
    start = _first_filled(place, lines)
    if start is None:
        return None
    pairs = range(start + 1, len(lines) - 1)
    return next((i for i in pairs if not lines[i].strip() and not lines[i + 1].strip()), None)


def _end_at_cycle(place: Place, lines: list[str]) -> int | None:
    """A line, or a few lines, for the third time in a row: all but the first go."""
    first = 0 if place.is_fresh else 1
    for start in range(first, len(lines)):
        for size in range(1, _LONGEST_CYCLE + 1):
            unit = lines[start : start + size]
            if lines[start : start + 3 * size] == unit * 3 and any(map(has_words, unit)):
                return start + size
    return None


def _end_at_suffix(place: Place, lines: list[str]) -> int | None:
    """A line that is the next line below already, exactly or nearly. Where that has only brackets
    or quotes, the one after it has to come again, too."""
    if not place.below or not has_words(place.below[-1]):
        return None
    if not place.is_fresh and _is_line_below(place, lines[0]):
        return 0
    first = 0 if place.is_fresh else 1
    filled = [i for i in range(first, len(lines)) if lines[i].strip()]
    for at in range(len(filled) - len(place.below) + 1):
        if all(map(_is_repeated, (lines[i] for i in filled[at:]), place.below)):
            return filled[at]
    return None


def _is_repeated(line: str, below: str) -> bool:
    if not has_words(below):
        return line.rstrip() == below
    return width(line) == width(below) and nearly_equal(line, below)


def _is_line_below(place: Place, line: str) -> bool:
    """Whether the cursor's line, completed, is the line below."""
    completed = line != place.head and not place.rest.strip()
    return completed and line.rstrip() == place.next_line and has_words(line)


def _end_at_most(_place: Place, lines: list[str]) -> int | None:
    return MOST_LINES if len(lines) >= MOST_LINES else None


_LINE_RULES: tuple[Rule, ...] = (_end_of_line, _end_at_suffix)
_BLOCK_RULES: tuple[Rule, ...] = (
    end_of_block,
    _end_of_definition,
    _end_at_exit,
    _end_at_gap,
    _end_at_cycle,
    _end_at_suffix,
    _end_at_most,
)

_BODY_RULES: tuple[Rule, ...] = (
    _end_of_body,
    _end_at_gap,
    _end_at_cycle,
    _end_at_suffix,
    _end_at_most,
)


def _first_filled(place: Place, lines: list[str]) -> int | None:
    """The line whose indentation is the block's: the first on a fresh line, else the next."""
    first = 0 if place.is_fresh else 1
    return next((i for i in range(first, len(lines)) if lines[i].strip()), None)


def lines_in_quotes(place: Place, lines: list[str]) -> set[int]:
    """The lines that begin inside a string or comment: their indentation says nothing."""
    text = text_of(place, lines)
    inside: set[int] = set()
    for start, end in scan(text, place.language, place.waiting).quoted:
        first = text.count("\n", 0, start)
        inside.update(range(first + 1, first + 1 + text.count("\n", start, end)))
    return inside


def _closes(line: str) -> bool:
    return line.lstrip()[:1] in (")", "]", "}") or bool(_CLOSING_WORD.match(line))


def _has_closer_below(place: Place, line: str) -> bool:
    """Whether the line below is this closing line already."""
    below = place.next_line
    return width(below) == width(line) and below.split()[:1] == line.split()[:1]


def _is_preprocessor(place: Place, line: str) -> bool:
    named = place.language is not None and place.language.name in ("c", "cpp", "csharp")
    return named and bool(_PREPROCESSOR.match(line.lstrip()))


def without_open_header(place: Place, lines: list[str]) -> list[str]:
    """The lines up to where the last of them opens a block that nothing fills, which is where the
    model was cut off: in Python that is no code."""
    language = place.language
    if language is None or language.name != "python" or place.rest.strip():
        return lines
    kept = lines
    code = [n for n, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"]
    for n in reversed(code[1:]):
        if not opens_block(lines[n], language) or width(place.next_line) > width(lines[n]):
            break
        kept = lines[:n]
    return kept


def without_continuation(place: Place, lines: list[str]) -> list[str]:
    """The lines, the last one only up to its closers where it closes one block and opens the next
    (`} else {`)."""
    last = lines[-1]
    if len(lines) < 2 or not _closes(last) or not opens_block(last, place.language):
        return lines
    closers = re.match(r"\s*(?:[)\]}]+[;,]?|\w+)", last)
    return [*lines[:-1], closers.group()] if closers else lines
