"""Which brackets, strings and comments stand open, read from text alone.

Half-typed code is where a syntax tree knows least, and where completions are asked for. A scan of
the text gives a steadier answer: strings and comments are skipped as a whole, and what remains is
counted. An open string or comment is one more thing that waits for its closer: `"`, `\"\"\"`,
`*/`, or the line end for a line comment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lsp_server.context.languages import Language

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
OPENER_OF = {closer: opener for opener, closer in _CLOSER_OF.items()}

# What stands open here is text: brackets in it are only characters.
TEXT_CLOSERS = frozenset({'"', "'", "`", '"""', "'''", "*/", "]]", "\n"})

# How much text on each side of the cursor is looked through, in code points.
SCANNED = 20_000

# Up to here the quotes before the window are counted.
_COUNTED = 1_000_000

_INDENT = re.compile(r"[ \t]*")
_LONG_QUOTES = ('"""', "'''")
_ONE_CHARACTER = ("rust", "c", "cpp", "go", "java", "csharp", "kotlin", "scala", "haskell")
_PROSE = ("", "html", "yaml")
_MANY_LINES = ("javascript", "typescript", "tsx", "go")


@dataclass(frozen=True)
class Opened:
    """Something the text opened and left open: its closer, where it was opened, and the columns
    of that line's indentation."""

    closer: str
    at: int = 0
    width: int = 0


@dataclass(frozen=True)
class Closed:
    """Something that stood open before the text and that text[start:end] closes. `level` is its
    index in what was given as open."""

    level: int
    start: int
    end: int


@dataclass(frozen=True)
class Scan:
    """What a text opens and closes.

    `skipped` are the levels that an outer closer showed to be left open by mistake, `stray` the
    places of closers that close nothing, `quoted` the (start, end) of strings and comments over
    several lines.
    """

    opened: tuple[Opened, ...] = ()
    closed: tuple[Closed, ...] = ()
    skipped: frozenset[int] = frozenset()
    stray: tuple[int, ...] = ()
    quoted: tuple[tuple[int, int], ...] = ()


def window_before(text: str, end: int | None = None, size: int = SCANNED) -> str:
    """The last part of text[:end], worth scanning: whole lines, about `size` code points, that
    don't begin inside a docstring."""
    end = len(text) if end is None else end
    if end <= size:
        return text[:end]
    start = text.find("\n", end - size, end) + 1 or end - size
    for quote, count in zip(_LONG_QUOTES, _quotes_before(text, start), strict=False):
        if count % 2:
            found = text.find(quote, start, end)
            start = found + len(quote) if found >= 0 else start
    return text[start:end]


# The last text whose quotes were counted, and their numbers.
_counted: tuple[str, tuple[int, ...]] = ("", ())


def _quotes_before(text: str, start: int) -> tuple[int, ...]:
    """How often each of the long quotes stands in text[:start]; nothing where that is very long.
    For the next key there it is the same, and comparing is ten times as fast as counting."""
    global _counted
    if start >= _COUNTED:
        return ()
    known, counts = _counted
    if len(known) != start or not text.startswith(known):
        counts = tuple(text.count(quote, 0, start) for quote in _LONG_QUOTES)
        _counted = (text[:start], counts)
    return counts


def still_open(text: str, language: Language | None) -> tuple[Opened, ...]:
    """What the end of the text waits for, outermost first."""
    return scan(text, language).opened


def scan(text: str, language: Language | None, waiting: tuple[Opened, ...] = ()) -> Scan:
    """Scan a text that begins where `waiting` (outermost first) stands open. Never raises."""
    return _Scanner(text, language, waiting).run()


class _Scanner:
    def __init__(self, text: str, language: Language | None, waiting: tuple[Opened, ...]) -> None:
        self.text = text
        self.language = language
        self.waiting = list(waiting)
        self.opened: list[Opened] = []
        self.closed: list[Closed] = []
        self.skipped: set[int] = set()
        self.stray: list[int] = []
        self.quoted: list[tuple[int, int]] = []

    def run(self) -> Scan:
        for match in self._tokens(self._leave_text()):
            token = match.group()
            if token in _CLOSER_OF:
                self._open(_CLOSER_OF[token], match.start())
            elif token in ")]}":
                self._close(token, match.start())
            elif match.lastgroup:
                self._text(match)
        return Scan(
            tuple(self.opened),
            tuple(self.closed),
            frozenset(self.skipped),
            tuple(self.stray),
            tuple(self.quoted),
        )

    def _tokens(self, start: int) -> Iterator[re.Match[str]]:
        return _token_pattern(self.language.name if self.language else "").finditer(
            self.text, start
        )

    def _leave_text(self) -> int:
        """Where the string or comment that stood open ends."""
        if not self.waiting or self.waiting[-1].closer not in TEXT_CLOSERS:
            return 0
        closer = self.waiting[-1].closer
        match = _end_of_text(closer).match(self.text)
        end = match.end() if match else len(self.text)
        self._note_quoted(0, end)
        if match is None:
            return end
        level = len(self.waiting) - 1
        self.waiting.pop()
        if match.group("closer"):
            self.closed.append(Closed(level, match.start("closer"), end))
        else:
            self.skipped.add(level)
        return end

    def _text(self, match: re.Match[str]) -> None:
        """A whole string or comment, or one that the text's end leaves open."""
        self._note_quoted(match.start(), match.end())
        closer = _closer_of_text(match)
        body = match.group()[len(closer) if closer not in ("\n", "*/", "]]") else 2 :]
        if match.end() == len(self.text) and not _ends_with_closer(body, closer):
            self._open(closer, match.start())

    def _open(self, closer: str, at: int) -> None:
        start = self.text.rfind("\n", 0, at) + 1
        indent = _INDENT.match(self.text, start, at)
        width = len(indent.group().expandtabs(4)) if indent else 0
        self.opened.append(Opened(closer, at, width))

    def _note_quoted(self, start: int, end: int) -> None:
        if "\n" in self.text[start:end]:
            self.quoted.append((start, end))

    def _close(self, closer: str, at: int) -> None:
        """Close the innermost that waits for this closer; what was opened inside was a mistake."""
        index = _innermost(self.opened, closer)
        if index is not None:
            del self.opened[index:]
            return
        level = self._level(closer, at) if not _is_fenced(self.opened, closer) else None
        if level is None:
            self.stray.append(at)
            return
        self.skipped.update(range(level + 1, len(self.waiting)))
        del self.waiting[level:]
        self.opened.clear()
        self.closed.append(Closed(level, at, at + 1))

    def _level(self, closer: str, at: int) -> int | None:
        """What of the waiting it closes. A closer that begins its line belongs to a bracket on a
        line of the same indentation, if there is one."""
        innermost = _innermost(self.waiting, closer)
        indent = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        if innermost is None or indent.strip(" \t") or "\n" not in self.text[:at]:
            return innermost
        width = len(indent.expandtabs(4))
        for level in range(innermost, -1, -1):
            if self.waiting[level].width == width and self.waiting[level].closer == closer:
                return level
            if self.waiting[level].width < width:
                break
        return innermost


def _innermost(opened: list[Opened], closer: str) -> int | None:
    """The innermost that waits for the closer. Only a brace closes over an open brace."""
    for index in range(len(opened) - 1, -1, -1):
        if opened[index].closer == closer:
            return index
        if opened[index].closer == "}":
            break
    return None


def _is_fenced(opened: list[Opened], closer: str) -> bool:
    return closer != "}" and any(one.closer == "}" for one in opened)


def _closer_of_text(match: re.Match[str]) -> str:
    token = match.group()
    if match.lastgroup == "line_comment":
        return "\n"
    if token.startswith("/*"):
        return "*/"
    if token.startswith("--[["):
        return "]]"
    return token[:3] if token[:3] in ('"""', "'''") and match.lastgroup == "long" else token[0]


def _ends_with_closer(body: str, closer: str) -> bool:
    if not body.endswith(closer):
        return False
    before = body[: -len(closer)]
    escapes = len(before) - len(before.rstrip("\\"))
    return closer in ("*/", "]]", "\n") or escapes % 2 == 0


@cache
def _end_of_text(closer: str) -> re.Pattern[str]:
    """From inside a string or comment to its end: `closer` is empty where the line end cut it."""
    if closer == "\n":
        return re.compile(r"[^\n]*(?P<closer>\n)")
    if closer in ("*/", "]]"):
        return re.compile(r"(?s:.*?)(?P<closer>" + re.escape(closer) + ")")
    if closer in ('"', "'"):
        return re.compile(rf"(?:\\[^\n]|[^\\{closer}\n])*(?:(?P<closer>{closer})|\\?\n)")
    return re.compile(rf"(?s:\\.|[^\\])*?(?P<closer>{closer})")


@cache
def _token_pattern(language: str) -> re.Pattern[str]:
    """One alternative for each thing to skip or to count; the named groups are text."""
    return re.compile("|".join(_alternatives(language)))


def _alternatives(language: str) -> Iterator[str]:
    yield from _comments(language)
    if language == "python":
        yield r"(?P<long>\"\"\"(?s:\\.|[^\\])*?(?:\"\"\"|\\?\Z)|'''(?s:\\.|[^\\])*?(?:'''|\\?\Z))"
    yield r'(?P<double>"(?:\\[^\n]|[^"\\\n])*(?:"|(?=\\?\n)|\\?\Z))'
    if language in _ONE_CHARACTER:  # also keeps Rust's lifetimes from being strings
        yield r"(?P<single>'(?:\\[^\n]{1,9}?|[^\\'\n])')"
    elif language not in _PROSE:
        yield r"(?P<single>'(?:\\[^\n]|[^'\\\n])*(?:'|(?=\\?\n)|\\?\Z))"
    else:  # prose has apostrophes
        yield r"(?P<single>(?<!\w)'[^'\n]*')"
    if language in _MANY_LINES:
        yield r"(?P<back>`(?s:\\.|[^\\`])*(?:`|\\?\Z))"
    yield r"\\."
    yield r"[()\[\]{}]"


def _comments(language: str) -> Iterator[str]:
    if language in ("python", "ruby", "toml"):
        yield r"(?P<line_comment>#[^\n]*)"
    elif language in ("bash", "yaml"):
        yield r"(?P<line_comment>(?<!\S)#[^\n]*)"
    elif language == "lua":
        yield r"(?P<block>--\[\[(?s:.*?)(?:\]\]|\Z))"
        yield r"(?P<line_comment>--[^\n]*)"
    elif language in ("haskell", "sql"):
        yield r"(?P<line_comment>--[^\n]*)"
    elif language == "css":
        yield r"(?P<block>/\*(?s:.*?)(?:\*/|\Z))"
    elif language and language != "html":
        yield r"(?P<block>/\*(?s:.*?)(?:\*/|\Z))"
        yield r"(?P<line_comment>//[^\n]*)"
