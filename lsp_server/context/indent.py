"""Indentation: how far a line is indented, and what that says of the lines that hold it.

Where a syntax tree is broken, as that of half-typed code is, it may know nothing of what holds a
line. Indentation still does: what holds a line is indented less.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from lsp_server.documents import DocumentSnapshot

TAB = 4
# Further away than so many lines nothing is looked for; so many are looked through at a time.
_FARTHEST = 2_048
_AT_A_TIME = 128
_CLOSES = re.compile(r"[)\]}]|(?:end|fi|done|esac)\b")
# Lines that hold nothing, at whatever indentation they stand: comments and directives.
_IDLE = re.compile(r"//|/?\*|#|--|<!--|$")
# The last line of a head that has more than one.
_ENDS_HEAD = re.compile(r"\{?$|\)|(?:where|then|do|begin|throws|extends|implements)\b")
LONGEST_HEAD = 16
# What stands within a block as far left as the block's own head may.
_LABEL = re.compile(r"(?:case\b.*|default|public|private|protected|\w+)\s*:")


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def width(line: str) -> int:
    """The columns of a line's indentation."""
    return len(indent_of(line).expandtabs(TAB))


def heads_above(
    snapshot: DocumentSnapshot, line: int, is_text: Callable[[int], bool]
) -> list[tuple[int, int]]:
    """The lines above that hold the line, innermost first: the first and last one of each head.
    `is_text` tells of a line whether it begins in a string or comment."""
    here = _nearest(snapshot, range(line, snapshot.line_count))
    found: list[tuple[int, int]] = []
    last = None  # of a head whose first line is still to come
    limit = width(here) + bool(_CLOSES.match(here.lstrip()))
    for end in range(line, max(0, line - _FARTHEST), -_AT_A_TIME):
        for number, text in reversed([*_left_of(limit, snapshot, max(0, end - _AT_A_TIME), end)]):
            if width(text) >= limit or is_text(number):
                continue
            code = text.strip()
            if _ENDS_HEAD.match(code) and (last is None or last - number < LONGEST_HEAD):
                last = number if last is None else last
            else:
                found.append((number, number if last is None else last))
                last = None
            # Above `} else {` and `case 1:` stands what they belong to, as far left.
            limit = width(text) + bool(
                last is not None or _CLOSES.match(code) or _LABEL.fullmatch(code)
            )
    return found


def closers_below(
    snapshot: DocumentSnapshot, line: int, is_text: Callable[[int], bool]
) -> list[int]:
    """The lines from `line` on that close what holds it, innermost first."""
    found: list[int] = []
    above = range(line - 1, -1, -1)
    limit = max(width(_nearest(snapshot, above)), width(_nearest(snapshot, above, idle=True)))
    for first in range(line, min(snapshot.line_count, line + _FARTHEST), _AT_A_TIME):
        for number, text in _left_of(limit, snapshot, first, first + _AT_A_TIME):
            if width(text) >= limit or is_text(number):
                continue
            closes = bool(_CLOSES.match(text.lstrip()))
            if closes:
                found.append(number)
            # A `default:` further left is within the block that a bracket below it closes.
            limit = width(text) + (not closes)
    return found


def is_deeper(snapshot: DocumentSnapshot, line: int) -> bool:
    """Whether the code from the line on is indented further than the code before it."""
    above = _nearest(snapshot, range(line - 1, -1, -1))
    return width(_nearest(snapshot, range(line, snapshot.line_count))) > width(above)


def _nearest(snapshot: DocumentSnapshot, numbers: range, idle: bool = False) -> str:
    """The first of the lines that has code, or with `idle` anything."""
    texts = map(snapshot.line, numbers[:_AT_A_TIME])
    return next((t for t in texts if t.strip() and (idle or not _IDLE.match(t.lstrip()))), "")


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
