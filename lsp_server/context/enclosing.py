"""What holds the shown part of a file: its heads above it, and below it what closes them.

A tree knows both. Where it is broken, indentation tells them.
"""

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from lsp_server.context.brackets import scan, still_open
from lsp_server.context.budget import Piece
from lsp_server.context.headers import opens_block
from lsp_server.context.indent import LONGEST_HEAD, closers_below, heads_above, indent_of
from lsp_server.context.outline import TRY, Definition, Outline
from lsp_server.context.syntax import is_text

# What has more parts is a list of things, and no statement with branches.
_MOST_BRANCHES = 32
# What ends a block in the languages that end them.
_CLOSER = re.compile(r"[\])}]|end|fi|done|esac|#endif")
_OPENING_WORDS = ("where", "in", "of", "then", "do", "begin")
_HANDLER = re.compile(r"catch|except|finally")
_OPENING_TAGS = ("start_tag", "jsx_opening_element")
_CLOSING_TAGS = ("end_tag", "jsx_closing_element")
_CLOSERS = re.compile(r"[\])}]+|\w+")


def heads(outline: Outline, enclosing: Sequence[Definition], line: int) -> list[Piece]:
    """The heads of what holds `line`, each innermost first: of the definitions, outermost first in
    `enclosing`, and then of what else does, such as an `if`."""
    if outline.is_broken(line):
        return list(_indented_heads(outline, line))
    of_definitions = [piece for d in reversed(enclosing) for piece in _head(outline, d, line)]
    return [*of_definitions, *_openers(outline, line)]


def closers(outline: Outline, line: int) -> list[Piece]:
    """What closes, from `line` on, that which holds it: brackets, quotes and words such as `end`.
    Lines with nothing but these as they are, of others the closers alone."""
    ends: list[Piece] = []
    if outline.is_broken(line):
        found = closers_below(outline.snapshot, line, outline.is_in_text)
        closing = {number: _first_closers(outline, number) for number in found}
    else:
        ends = list(_handlers(outline, line))
        closing = _closing_tokens(outline, line)
    text = _text_around(outline, line) if outline.splits_texts else None
    if text is not None:
        ends.append(_end_of_text(outline, text, closing))
    lines = (_closing_line(outline, number, tokens) for number, tokens in closing.items())
    return [*ends, *map(Piece, closing, closing, lines)]


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
    for last in range(first, min(end, first + LONGEST_HEAD)):
        opened = still_open(outline.lines(first, last), language)
        if opened[-1].closer == "}" if opened else opens_block(outline.lines(last, last), language):
            return last
    return first


def _handlers(outline: Outline, line: int) -> Iterator[Piece]:
    """Of each `try` that holds the line the first `except` or the like below it, its body left out:
    without one it is no statement. Where brackets close the `try`, that line closes it, too."""
    start = outline.line_start(line)
    for node in outline.ancestors(line):
        if not TRY.match(node.type):
            continue
        after = [child for child in node.children if child.start_byte >= start]
        clause = next((child for child in after if _HANDLER.search(child.type)), None)
        body = clause.child(clause.child_count - 1) if clause else None
        if clause and body:
            first, last = outline.line_at(clause.start_byte), outline.line_at(clause.end_byte - 1)
            head = outline.snapshot.text[outline.line_start(first) : body.start_byte]
            yield Piece(first, last, f"{head}{outline.tree.language.elided}\n")


def _closing_tokens(outline: Outline, line: int) -> dict[int, str]:
    """By the lines from `line` on, what they close of that which holds it."""
    closing: dict[int, str] = {}
    for node in outline.ancestors(line):
        last = node.child(node.child_count - 1) if node.child_count else None
        if last is None or last.is_missing or not _is_closer(last):
            continue
        number = outline.line_at(last.start_byte)
        if number >= line:
            token = outline.snapshot.text[last.start_byte : last.end_byte]
            closing[number] = closing.get(number, "") + token
    return closing


def _end_of_text(outline: Outline, text: Node, closing: dict[int, str]) -> Piece:
    """A string's or comment's last line, with what that line closes besides."""
    last = outline.line_at(text.end_byte - 1)
    line = outline.snapshot.text[outline.line_start(last) : text.end_byte]
    return Piece(last, last, f"{line.rstrip()}{closing.pop(last, '')}\n")


def _text_around(outline: Outline, line: int) -> Node | None:
    """The string or comment that the line begins in, all of it."""
    start = outline.line_start(line)
    around = (n for n in outline.tree.path(start) if is_text(n) and n.start_byte < start)
    return next((node for node in around if node.end_byte > start), None)


def _is_closer(node: Node) -> bool:
    return node.type in _CLOSING_TAGS or _CLOSER.fullmatch(node.type) is not None


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
        last = _head_end(outline, node, inner, first) if inner else first
        word = _opening_word(outline, inner) if inner else None
        if word is not None and word > last:
            found[Piece(word, word, outline.lines(word, word))] = None
        omitted = _omitted_body(outline, node, inner)
        for end in (last, first):
            found[Piece(first, end, outline.lines(first, end) + omitted)] = None
    return [piece for piece in found if piece.last < line]


def _opening_word(outline: Outline, inner: Node) -> int | None:
    """The line of a word before the body, such as `where`, if it has one for itself."""
    word = inner.prev_sibling
    if word is None or word.type not in _OPENING_WORDS:
        return None
    line = outline.line_at(word.start_byte)
    return line if outline.lines(line, line).strip() == word.type else None


def _head_end(outline: Outline, node: Node, inner: Node, first: int) -> int:
    """The last line of the head of `node`, which begins on line `first`, if `inner` is its body."""
    start = outline.line_at(inner.start_byte)
    opening = node.child(0)
    if opening is not None and opening.type in _OPENING_TAGS and opening != inner:
        return outline.line_at(opening.end_byte - 1)
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
