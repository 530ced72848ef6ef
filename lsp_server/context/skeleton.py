"""What is shown of the part of a file that is too far from the cursor to be shown whole.

By priority: imports, the heads of what encloses the shown part, and of everything else the heads
with their bodies left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from tree_sitter import Node

from lsp_server.context.budget import Count, Piece, chosen
from lsp_server.context.outline import Definition, Outline

# What ends a block in the languages that end them: a line of closing brackets or a keyword.
CLOSER = re.compile(r"\s*(?:[\])}]+|(?:end|fi|done|esac)\b)[\])};,]*\s*(?:(?://|#|--).*\s*)?")

# The types of nodes that are no more than a sequence of statements.
_SEQUENCE = re.compile(r"block|body|list|statements|then")

# No sibling gets more than this part of the budget: a long class is shown by its head alone.
_SIBLING_SHARE = 4
_SIBLING_TOKENS = 48
# A head has at least so many tokens: it is no use to look at more siblings than would fit.
_LEAST_TOKENS = 5


@dataclass
class Skeleton:
    """Pieces of the file's lines, chosen for a budget, with the cost of each."""

    budget: int
    chosen: list[tuple[Piece, int]] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        return [piece for piece, _ in self.chosen]

    @property
    def cost(self) -> int:
        return sum(cost for _, cost in self.chosen)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in sorted(self.pieces, key=lambda p: p.first))

    def add(
        self,
        candidates: Iterable[Piece],
        count: Count,
        *,
        most: int | None = None,
        most_each: int | None = None,
    ) -> None:
        """Take what fits of the candidates, the first ones first."""
        left = self.budget - self.cost
        most = left if most is None else min(most, left)
        most_each = most if most_each is None else most_each
        self.chosen += chosen(list(candidates), most, count, self.pieces, most_each)


def add_above(skeleton: Skeleton, outline: Outline, line: int, count: Count) -> None:
    """Add to the skeleton what it has room for of the lines before `line`."""
    enclosing, levels = _around(outline.definitions, line)
    before = (
        d
        for within, level in levels
        for d in reversed(level)
        if d.last < line and outline.stands_alone(d, within)
    )
    imports = [
        Piece(first, last, outline.lines(first, last))
        for first, last in outline.imports
        if last < line and not _in_sibling(outline.definitions, first, line)
    ]
    heads = [piece for d in reversed(enclosing) for piece in _head(outline, d, line)]
    # The imports get no more than half at first: a head that encloses the cursor says more.
    skeleton.add(imports, count, most=skeleton.budget // 2)
    skeleton.add(heads, count)
    skeleton.add(_openers(outline, line), count)
    siblings = islice(_folded(outline, before), 2 * skeleton.budget // _LEAST_TOKENS)
    skeleton.add(siblings, count, most_each=_sibling_most(skeleton.budget))
    skeleton.add(imports, count)


def add_below(skeleton: Skeleton, outline: Outline, line: int, count: Count) -> None:
    """Add to the skeleton what it has room for of the lines from `line` on."""
    _, levels = _around(outline.definitions, line)
    after = (
        d
        for within, level in levels
        for d in level
        if d.first >= line and outline.stands_alone(d, within)
    )
    skeleton.add(_closers(outline, line), count)
    siblings = islice(_folded(outline, after), 2 * skeleton.budget // _LEAST_TOKENS)
    skeleton.add(siblings, count, most_each=_sibling_most(skeleton.budget))


def _sibling_most(budget: int) -> int:
    return max(budget // _SIBLING_SHARE, _SIBLING_TOKENS)


def _around(
    definitions: list[Definition], line: int
) -> tuple[list[Definition], list[tuple[Definition | None, list[Definition]]]]:
    """The definitions that begin before the line and reach it, outermost first, and beside them,
    innermost first, the other definitions with the one that they belong to."""
    enclosing: list[Definition] = []
    levels: list[tuple[Definition | None, list[Definition]]] = []
    level = definitions
    while level:
        around = [d for d in level if d.first < line <= d.last]
        within = enclosing[-1] if enclosing else None
        levels.insert(0, (within, [d for d in level if d not in around]))
        enclosing += around[-1:]
        level = around[-1].children if around else []
    return enclosing, levels


def _in_sibling(definitions: list[Definition], line: int, shown: int) -> bool:
    """Whether the line lies in a definition that does not enclose the shown line."""
    for definition in definitions:
        if definition.first <= line <= definition.last:
            return definition.last < shown or _in_sibling(definition.children, line, shown)
    return False


def _head(outline: Outline, definition: Definition, line: int) -> list[Piece]:
    """Signature and docstring's first line, as far as they lie before `line`."""
    last = min(outline.head_last(definition), line - 1)
    head = [Piece(definition.first, last, outline.lines(definition.first, last))]
    docstring = outline.docstring_line(definition)
    return (
        [*head, docstring]
        if docstring and last < docstring.first <= docstring.last < line
        else head
    )


def _openers(outline: Outline, line: int) -> list[Piece]:
    """The lines on which what holds `line` begins, such as an `if`, innermost first."""
    nodes = [node for node in outline.ancestors(line) if not _is_bare_block(outline, node)]
    firsts = dict.fromkeys(outline.line_at(node.start_byte) for node in nodes)
    return [Piece(first, first, outline.lines(first, first)) for first in firsts if first < line]


def _closers(outline: Outline, line: int) -> list[Piece]:
    """The lines that close the blocks which hold `line`: the closing brackets and `end`s."""
    nodes = [node for node in outline.ancestors(line) if _ends_with_token(node)]
    lasts = dict.fromkeys(outline.line_at(node.end_byte - 1) for node in nodes)
    pieces = [Piece(last, last, outline.lines(last, last)) for last in lasts if last >= line]
    return [piece for piece in pieces if CLOSER.fullmatch(piece.text)]


def _is_bare_block(outline: Outline, node: Node) -> bool:
    """Whether the node is a sequence without a bracket of its own: its first line opens nothing."""
    opening = outline.tree.data[node.start_byte : node.start_byte + 1]
    return opening not in b"{([" and _SEQUENCE.search(node.type) is not None


def _ends_with_token(node: Node) -> bool:
    last = node.child(node.child_count - 1) if node.child_count else None
    return last is not None and not last.is_named


def _folded(outline: Outline, definitions: Iterable[Definition]) -> Iterator[Piece]:
    """Each definition without the bodies: a class with its members, or else by its head; one that
    has no lines to save as it is."""
    for d in definitions:
        texts = [text for text in (outline.members(d), outline.elided(d)) if text]
        for text in texts or [outline.lines(d.first, d.last)]:
            yield Piece(d.first, d.last, text)
