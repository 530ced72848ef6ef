"""Brackets and quotes: closed once, neither doubled nor forgotten."""

import re

from lsp_server.completion.place import Place
from lsp_server.context.brackets import SCANNED, TEXT_CLOSERS, Closed, Scan, scan
from lsp_server.context.indent import indent_of, width
from lsp_server.context.scope import Shape

# Lines that may stand further left than the statements of their block.
_NO_STATEMENT = re.compile(r"\s*(?:[)\]}]|#(?!\[)|(?:case|default)\b|\w+\s*:\s*$)")
# Where the body of an `if` may be a statement without brackets.
_WITHOUT_BRACKETS = frozenset(
    {"c", "cpp", "csharp", "java", "javascript", "kotlin", "php", "tsx", "typescript"}
)
_QUOTES = frozenset({'"', "'", "`", '"""', "'''"})


def without_surplus(place: Place, text: str) -> str:
    """The text up to the first closer that the document has already, or that closes nothing.

    Closers that stand right of the cursor, on its line and with nothing but closers before them,
    may come again: they are replaced (`replaced_closers`).
    """
    found = scan(text, place.language, place.waiting)
    doubled = [one.start for one in found.closed if _is_doubled(place, one)]
    missing = max(_missing(place, found), _is_left_open(place))
    allowed = missing + (len(found.opened) if place.shape is Shape.LINE else 0)
    return text[: min([*doubled[allowed:], *found.stray], default=len(text))]


def _is_doubled(place: Place, one: Closed) -> bool:
    """Whether the document closes this already, and not just right of the cursor."""
    if place.waiting[one.level].closer == "\n":  # a line comment may end as often as it likes
        return False
    theirs = next((c for c in place.closing.closed if c.level == one.level), None)
    if theirs is None:
        return one.level not in place.closing.skipped and _may_be_far(place, one.level)
    if any(at < theirs.start for at in place.closing.stray):
        return False  # what follows belongs to something that is still to be written
    return theirs.end > len(place.rest) or bool(re.search(r"\w", place.after[: theirs.end]))


def _missing(place: Place, found: Scan) -> int:
    """How many closers the document lacks, other than those that the text gives it. Which bracket
    lacks its own can't be told for certain, so the text may close that many which seem closed."""
    closed = {one.level for one in place.closing.closed}
    lost = {level for level in range(len(place.waiting)) if not _may_be_far(place, level)} - closed
    lost |= place.closing.skipped
    return len(lost - {one.level for one in found.closed})


def _is_left_open(place: Place) -> bool:
    """Whether the lines below stand too far left to be in the cursor's block, which nothing closed
    before them."""
    below, block = place.next_line, place.waiting[-1] if place.waiting else None
    if not block or block.closer != "}" or not below or place.rest.strip():
        return False
    inside = width(place.head) + place.head.rstrip().endswith("{")
    is_its_own = inside <= block.width + width(place.indent_unit + "x")
    return is_its_own and width(below) < inside and not _NO_STATEMENT.match(below)


def _may_be_far(place: Place, level: int) -> bool:
    """Whether the closer may follow where nobody looked: only blocks are that long."""
    return len(place.after) > SCANNED and place.waiting[level].closer == "}"


def without_doubled_opener(place: Place, text: str) -> str:
    """The text without a `{` at its end, where the block that it opens stands below already: with
    a bracket on a line of its own, or without any."""
    opened = text.rstrip()
    is_last = opened.endswith("{") and not re.search(r"[\w{]", place.rest)
    if place.shape is Shape.BLOCK or not is_last:
        return text
    has_own = place.next_line.strip() == "{"
    needs_none = (
        place.language is not None
        and place.language.name in _WITHOUT_BRACKETS
        and width(place.next_line) > width(place.head)
        and not place.closing.stray
    )
    return opened[:-1].rstrip() if has_own or needs_none else text


def replaced_closers(place: Place, text: str) -> int:
    """How many code points of the line's rest are closers that the text has itself."""
    if place.rest_has_words:
        return 0
    found = scan(text, place.language, place.waiting)
    if _reopens(place, found):
        return 0
    levels = {one.level for one in found.closed}
    theirs = [c.end for c in place.closing.closed if c.level in levels and c.end <= len(place.rest)]
    end = max(theirs, default=0)
    tail = text[found.closed[-1].end :] if found.closed and end else text
    return end + _overlap(tail.rstrip(), place.rest[end:].rstrip(), _is_owed(place, end))


def _is_owed(place: Place, start: int) -> bool:
    """Whether closers right of the cursor close nothing before it, or what they open themselves:
    they wait for what the text opens, or are what it ends with."""
    stray = place.closing.stray
    waits = bool(stray) and stray[0] < len(place.rest)
    return waits or bool(re.search(r"[(\[{\"'`]", place.rest[start:]))


def _reopens(place: Place, found: Scan) -> bool:
    """Whether the closers right of the cursor serve what the text opens itself, such as the quote
    in `"a" + "b` between two quotes."""
    mine = "".join(one.closer for one in reversed(found.opened))
    return bool(mine) and place.rest.lstrip().startswith(mine) and bool(found.closed)


def _overlap(text: str, rest: str, with_closers: bool) -> int:
    """The length of the longest start of the rest with which the text ends: its punctuation,
    such as the `;` of `);`. Closers are matched by what they close, unless they are owed."""
    for size in range(len(rest), 0, -1):
        is_free = with_closers or not re.search(r"[)\]}\"'`]", rest[:size])
        if text.endswith(rest[:size]) and is_free:
            return size
    return 0


def with_missing(place: Place, text: str) -> str:
    """The text with what it opened closed, where nothing after it does that: in a block below its
    last line, in a line only before closers that stay right of it, since at a line's end the rest
    may be written next."""
    found = scan(text, place.language, place.waiting)
    if re.search(r"[\w(\[{]", place.rest) or (place.closing.stray and not found.closed):
        return text
    quotes = [one for one in found.opened if one.closer in _QUOTES]
    if any(_ends_below(place, one.closer) for one in quotes):
        return text
    if place.shape is Shape.LINE and not place.rest[replaced_closers(place, text) :].strip():
        return text + "".join(one.closer for one in quotes if "\n" not in text[one.at :])
    if _reopens(place, found):
        return text
    for one in reversed(found.opened):
        if one.closer in TEXT_CLOSERS - _QUOTES:
            continue
        if "\n" in text[one.at :] and one.closer not in TEXT_CLOSERS:
            text += "\n" + _indent_at(place, text, one.at) + one.closer
        else:
            text += one.closer
    return text


def _ends_below(place: Place, closer: str) -> bool:
    """Whether a long string opened here ends in what follows already."""
    return len(closer) > 1 and place.after.count(closer) % 2 == 1


def _indent_at(place: Place, text: str, at: int) -> str:
    """The indentation of the line of the offset `at` into the text."""
    return indent_of((place.head + text[:at]).rpartition("\n")[2] + text[at:])


def spread(place: Place, text: str) -> str:
    """The text with the closers that follow the cursor brought to a line of their own, where
    several lines were written between a bracket and its closer (`{‸}`)."""
    rest = place.rest.strip()
    is_pair = place.head.rstrip()[-1:] in tuple("{[(") and rest[:1] in tuple("}])")
    if not is_pair or place.rest_has_words or "\n" not in text:
        return text
    if scan(text, place.language, place.waiting).closed:
        return text
    return text + "\n" + indent_of(place.head) + rest
