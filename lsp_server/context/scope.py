"""One line or several: decided by what stands at the cursor, before the model is asked."""

import re
from enum import StrEnum
from functools import lru_cache

from lsp_server.context.brackets import (
    SCANNED,
    TEXT_CLOSERS,
    Opened,
    scan,
    still_open,
    window_before,
)
from lsp_server.context.headers import opens_block
from lsp_server.context.indent import width
from lsp_server.context.languages import Language, language_of
from lsp_server.context.standing import SHORT, standing_outline
from lsp_server.context.syntax import SyntaxTree, is_text, parse
from lsp_server.documents import DocumentSnapshot


class Shape(StrEnum):
    """How much a completion may be: the rest of a line, or a block of lines."""

    LINE = "line"
    BLOCK = "block"


_LINE_END = re.compile(r"\r\n|\r|\n")
_ONLY_CLOSERS = re.compile(r"[\s)\]};,]*")

# A line whose statement goes on below.
_HANGS = re.compile(r"[(\[,\\]\s*\Z")
# What stands open further above than this is no longer what decides.
_SCANNED_ABOVE = 8_000


def shape_at(snapshot: DocumentSnapshot, offset: int) -> Shape:
    """How much to complete at the offset. Broken code gives an answer, too, never an error."""
    start = snapshot.line_starts[snapshot.line_of(offset)]
    above = window_before(snapshot.text, start, _SCANNED_ABOVE)
    head = snapshot.text[max(start, offset - SCANNED) : offset]
    after = snapshot.text[offset : offset + SCANNED]
    rest = _LINE_END.split(after, maxsplit=1)[0]
    if not _ONLY_CLOSERS.fullmatch(rest):
        return Shape.LINE
    language = language_of(snapshot.language, snapshot.uri)
    innermost = _innermost(above, head, language)
    if _in_text(snapshot, offset, innermost) or innermost == ")":
        return Shape.LINE
    if not head.strip():
        return Shape.LINE if _header_is_missing(above, head, after, language) else Shape.BLOCK
    if language and language.name == "python" and innermost == "}" and head.endswith(":"):
        return Shape.LINE  # a key of a dict, not a header
    return Shape.BLOCK if opens_block(head, language) else Shape.LINE


def _innermost(above: str, head: str, language: Language | None) -> str:
    """The closer of what stands open last, "" where nothing does. What the lines above the cursor's
    leave open is the same for every key on that line."""
    waiting = _open_above(above, language)
    found = scan(head, language, waiting)
    if found.opened:
        return found.opened[-1].closer
    gone = found.skipped | {one.level for one in found.closed}
    return next((w.closer for n, w in reversed([*enumerate(waiting)]) if n not in gone), "")


@lru_cache(maxsize=16)
def _open_above(above: str, language: Language | None) -> tuple[Opened, ...]:
    return still_open(_LINE_END.sub("\n", above), language)


def _in_text(snapshot: DocumentSnapshot, offset: int, innermost: str) -> bool:
    """Whether the cursor stands in a comment or a string. The tree knows, unless it is broken:
    a string without its end has no node."""
    if snapshot.line_count > SHORT:
        return _in_text_of_long_file(snapshot, offset, innermost)
    tree = parse(snapshot)
    if tree is None or tree.root.has_error:
        return innermost in TEXT_CLOSERS
    return _inside_text_node(tree, offset)


def _in_text_of_long_file(snapshot: DocumentSnapshot, offset: int, innermost: str) -> bool:
    """An earlier tree knows of the lines that are not being typed, the others are scanned."""
    line = snapshot.line_of(offset)
    standing = standing_outline(snapshot, line)
    if standing is None or standing.outline.tree.root.has_error:
        return innermost in TEXT_CLOSERS
    first = standing.first if standing.first <= line < standing.new_end else line
    if standing.is_in_text(first):
        return True
    written = _LINE_END.sub("\n", snapshot.text[snapshot.line_starts[first] : offset])
    opened = still_open(written, standing.outline.tree.language)
    return bool(opened) and opened[-1].closer in TEXT_CLOSERS


def _inside_text_node(tree: SyntaxTree, offset: int) -> bool:
    node = tree.node_at(max(offset - 1, 0))
    byte = tree.byte_offset(offset)
    while node.parent is not None:
        if node.start_byte < byte:
            if "comment" in node.type:
                return byte < node.end_byte or not _is_closed(tree.data, node.end_byte)
            if is_text(node) and byte < node.end_byte:
                return True
        node = node.parent
    return False


def _is_closed(data: bytes, end: int) -> bool:
    """Whether what follows the comment is outside of it: some grammars count a line comment's
    line end as its own."""
    return data.endswith((b"*/", b"]]", b"\n"), 0, end)


def _header_is_missing(before: str, head: str, after: str, language: Language | None) -> bool:
    """Whether the lines below belong to one that is to be written here: a bracket alone, or lines
    that are deeper than the cursor's, which no line above opens."""
    above = _last_filled(_LINE_END.split(before))
    below = _last_filled(_LINE_END.split(after)[:0:-1])
    if below.strip() == "{" and width(below) >= width(head):
        return True
    if width(above) < width(head) < width(below) and not _HANGS.search(above):
        return True
    if not above or not below or opens_block(above, language) or _HANGS.search(above):
        return False
    return width(below) > width(above) and width(below) > width(head)


def _last_filled(lines: list[str]) -> str:
    return next((line for line in reversed(lines) if line.strip()), "")
