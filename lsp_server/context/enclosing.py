"""What holds the shown part of a file: its heads above it, and below it what closes them.

A tree knows both. Where it is broken, indentation tells them.
"""

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from lsp_server.context.brackets import scan, still_open
from lsp_server.context.budget import Piece
from lsp_server.context.headers import opens_block
from lsp_server.context.indent import closers_below, heads_above, indent_of
from lsp_server.context.outline import Definition, Outline

# What has more parts is a list of things, and no statement with branches.
_MOST_BRANCHES = 32
_LONGEST_HEAD = 16
# What ends a block in the languages that end them.
_CLOSER = re.compile(r"[\])}]|end|fi|done|esac|#endif")
_CLOSERS = re.compile(r"[\])}]+|\w+")


def heads(outline: Outline, enclosing: Sequence[Definition], line: int) -> list[Piece]:
    """The heads of what holds `line`, each innermost first: of the definitions, outermost first in
    `enclosing`, and then of what else does, such as an `if`."""
    if outline.is_broken(line):
        return list(_indented_heads(outline, line))
    of_definitions = [piece for d in reversed(enclosing) for piece in _head(outline, d, line)]
    return [*of_definitions, *_openers(outline, line)]


def closers(outline: Outline, line: int) -> list[Piece]:
    """What closes, from `line` on, that which holds it: brackets and words such as `end`. Lines
    with nothing but these as they are, of others the closers alone."""
    if outline.is_broken(line):
        found = closers_below(outline.snapshot, line, outline.is_in_text)
        closing = {number: _first_closers(outline, number) for number in found}
    else:
        closing = _closing_tokens(outline, line)
    return [
        Piece(number, number, _closing_line(outline, number, tokens))
        for number, tokens in closing.items()
    ]


def _indented_heads(outline: Outline, line: int) -> Iterator[Piece]:
    end = line
    for first, last in heads_above(outline.snapshot, line, outline.is_in_text):
        last = _opening_line(outline, first, end) if first == last else last
        yield Piece(first, last, outline.lines(first, last))
        end = first


def _opening_line(outline: Outline, first: int, end: int) -> int:
    """The line before `end` that opens the block of a head, which is the first one unless
    parameters or the like take more."""
    language = outline.tree.language
    for last in range(first, min(end, first + _LONGEST_HEAD)):
        opened = still_open(outline.lines(first, last), language)
        if opened[-1].closer == "}" if opened else opens_block(outline.lines(last, last), language):
            return last
    return first


def _closing_tokens(outline: Outline, line: int) -> dict[int, str]:
    """By the lines from `line` on, what they close of that which holds it."""
    closing: dict[int, str] = {}
    for node in outline.ancestors(line):
        last = node.child(node.child_count - 1) if node.child_count else None
        if last is None or last.is_missing or not _CLOSER.fullmatch(last.type):
            continue
        number = outline.line_at(last.start_byte)
        if number >= line:
            closing[number] = closing.get(number, "") + last.type
    return closing


def _first_closers(outline: Outline, number: int) -> str:
    found = _CLOSERS.match(outline.lines(number, number).lstrip())
    return found.group() if found else ""


def _closing_line(outline: Outline, number: int, tokens: str) -> str:
    """The line, if it only closes these and balances what it opens; else the closers alone."""
    text = outline.lines(number, number)
    found = scan(text, outline.tree.language)
    strays = "".join(text[at] for at in found.stray)
    brackets = tokens if tokens[0] in ")]}" else ""
    if text.lstrip().startswith(tokens[0]) and not found.opened and strays == brackets:
        return text
    after = text.partition(tokens)[2][:1]
    return f"{indent_of(text)}{tokens}{after if after in (';', ',') else ''}\n"


def _head(outline: Outline, definition: Definition, line: int) -> list[Piece]:
    """Signature and docstring's first line, as far as they lie before `line`."""
    last = min(outline.head_last(definition), line - 1)
    head = [Piece(definition.first, last, outline.lines(definition.first, last))]
    docstring = outline.docstring_line(definition)
    if docstring is None or not last < docstring.first <= docstring.last < line:
        return head
    return [*head, docstring] if docstring.text.strip("\"' \r\n") else head


def _openers(outline: Outline, line: int) -> list[Piece]:
    """The heads of what holds `line`, such as an `if`, innermost first; their first lines alone
    where the whole is too long."""
    nodes = outline.path(line)[:0:-1]
    found: dict[Piece, None] = {}
    for node, inner in zip(nodes, [None, *nodes], strict=False):
        first = outline.line_at(node.start_byte)
        if first >= line or outline.is_bare_block(node):
            continue
        last = _head_end(outline, inner, first) if inner else first
        omitted = _omitted_body(outline, node, inner)
        for end in (last, first):
            found[Piece(first, end, outline.lines(first, end) + omitted)] = None
    return [piece for piece in found if piece.last < line]


def _head_end(outline: Outline, inner: Node, first: int) -> int:
    """The last line of a head that begins on line `first`, if `inner` is its body."""
    start = outline.line_at(inner.start_byte)
    if outline.is_bare_block(inner):
        return max(first, start - 1)
    return start if outline.tree.data[inner.start_byte : inner.start_byte + 1] == b"{" else first


def _omitted_body(outline: Outline, node: Node, inner: Node | None) -> str:
    """What stands for the body of `node` where `inner` is a branch after it, such as an `else`."""
    if inner is None or node.child_count > _MOST_BRANCHES:
        return ""
    body = next((child for child in node.children if outline.is_bare_block(child)), None)
    if body is None or body.end_byte > inner.start_byte:
        return ""
    first = outline.line_at(body.start_byte)
    return f"{indent_of(outline.lines(first, first))}{outline.tree.language.elided}\n"
