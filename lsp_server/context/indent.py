"""Indentation: how far a line is indented, and what that says of the lines that hold it.

Where a syntax tree is broken, as that of half-typed code is, it may know nothing of what holds a
line. Indentation still does: what holds a line is indented less.
"""

import re
from collections.abc import Iterator
from functools import cache

from lsp_server.documents import DocumentSnapshot

TAB = 4
# Further away than so many lines nothing is looked for; so many are looked through at a time.
_FARTHEST = 2_048
_AT_A_TIME = 128
_CLOSES = re.compile(r"[)\]}]|(?:end|fi|done|esac)\b")
# Lines that hold nothing, at whatever indentation they stand: comments and directives.
_IDLE = re.compile(r"//|/?\*|#|--|<!--|$")
# What stands within a block as far left as the block's own head may.
_LABEL = re.compile(r"(?:case\b.*|default|public|private|protected|\w+)\s*:")


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def width(line: str) -> int:
    """The columns of a line's indentation."""
    return len(indent_of(line).expandtabs(TAB))


def heads_above(snapshot: DocumentSnapshot, line: int) -> list[int]:
    """The lines above that hold the line, innermost first."""
    here = _nearest(snapshot, range(line, snapshot.line_count))
    found: list[int] = []
    limit = width(here) + bool(_CLOSES.match(here.lstrip()))
    for end in range(line, max(0, line - _FARTHEST), -_AT_A_TIME):
        for number, text in reversed([*_left_of(limit, snapshot, max(0, end - _AT_A_TIME), end)]):
            if width(text) >= limit:
                continue
            found.append(number)
            code = text.strip()
            # Above `} else {` and `case 1:` stands what they belong to, as far left.
            limit = width(text) + bool(_CLOSES.match(code) or _LABEL.fullmatch(code))
    return found


def closers_below(snapshot: DocumentSnapshot, line: int) -> list[int]:
    """The lines from `line` on that close what holds it, innermost first."""
    found: list[int] = []
    limit = width(_nearest(snapshot, range(line - 1, -1, -1)))
    for first in range(line, min(snapshot.line_count, line + _FARTHEST), _AT_A_TIME):
        for number, text in _left_of(limit, snapshot, first, first + _AT_A_TIME):
            if width(text) >= limit:
                continue
            closes = bool(_CLOSES.match(text.lstrip()))
            if closes:
                found.append(number)
            # A `default:` further left is within the block that a bracket below it closes.
            limit = width(text) + (not closes)
    return found


def _nearest(snapshot: DocumentSnapshot, numbers: range) -> str:
    """The first of the lines that has code."""
    texts = map(snapshot.line, numbers[:_AT_A_TIME])
    return next((text for text in texts if not _IDLE.match(text.lstrip())), "")


def _left_of(
    limit: int, snapshot: DocumentSnapshot, first: int, end: int
) -> Iterator[tuple[int, str]]:
    """The lines of code from `first` up to `end` that are indented by fewer characters."""
    if limit <= 0:
        return
    starts, text = snapshot.line_starts, snapshot.text
    stop = starts[end] if end < len(starts) else len(text)
    for found in _indented_less(limit).finditer(text, starts[first], stop):
        line = found.group()
        if not _IDLE.match(line.lstrip()):
            yield snapshot.line_of(found.start()), line


@cache
def _indented_less(limit: int) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]{{0,{limit - 1}}}[^ \t\r\n].*", re.MULTILINE)
