"""Syntax trees of documents, kept while they are typed in.

A tree belongs to one text and is never changed. A new version of a document is parsed from the
last tree of the same document, which takes a tenth of the time of a fresh parse.

Trees speak in UTF-8 bytes, documents in code points: `SyntaxTree` converts both ways.
"""

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from threading import Lock

import tree_sitter

from lsp_server.context.languages import Language, language_of
from lsp_server.documents import DocumentSnapshot

# A fresh parse takes about a third of a second for so many code points. What is longer is data or
# generated, and is treated as lines.
LONGEST_PARSED = 1_000_000

_BLOCK = 1024
_KEPT_TREES = 8


@dataclass(frozen=True, eq=False)
class SyntaxTree:
    """The tree of one text. Broken code has a tree, too: with ERROR and missing nodes in it."""

    language: Language
    text: str
    data: bytes
    tree: tree_sitter.Tree

    @property
    def root(self) -> tree_sitter.Node:
        return self.tree.root_node

    @cached_property
    def _block_starts(self) -> list[int]:
        """The byte at which each block of 1024 code points starts, so that a conversion looks
        at one block and not at the whole text."""
        sizes = (
            len(_encoded(self.text[start : start + _BLOCK]))
            for start in range(0, len(self.text), _BLOCK)
        )
        return [0, *accumulate(sizes)]

    @property
    def _is_ascii(self) -> bool:
        return len(self.data) == len(self.text)

    def byte_offset(self, offset: int) -> int:
        """The byte at which the code point at `offset` starts; past the end, their number."""
        offset = max(0, min(offset, len(self.text)))
        if self._is_ascii:
            return offset
        block = offset // _BLOCK
        return self._block_starts[block] + len(_encoded(self.text[block * _BLOCK : offset]))

    def offset(self, byte: int) -> int:
        """The code point that the byte belongs to; past the end, the text's length."""
        byte = max(0, min(byte, len(self.data)))
        if self._is_ascii:
            return byte
        block = bisect_right(self._block_starts, byte) - 1
        inside = self.data[self._block_starts[block] : byte]
        return min(len(self.text), block * _BLOCK + len(inside.decode("utf-8", errors="ignore")))

    def node_at(self, offset: int) -> tree_sitter.Node:
        """The smallest named node that covers the code point at `offset`; the root at the end of
        the text and between the root's children."""
        byte = self.byte_offset(offset)
        return self.root.named_descendant_for_byte_range(byte, byte) or self.root

    def error_count(self) -> int:
        """The number of ERROR and missing nodes: 0 for code without a syntax error."""
        count = 0
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node.has_error:
                count += node.is_error or node.is_missing
                waiting.extend(node.children)
        return count


def _encoded(text: str) -> bytes:
    """UTF-8 in which a lone surrogate, which has no UTF-8, is one `?`: still one code point."""
    return text.encode("utf-8", errors="replace")


class _RecentTrees:
    """The last few trees, found again by language and text."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._trees: OrderedDict[tuple[str, str, str], SyntaxTree] = OrderedDict()
        self._lock = Lock()

    def get(self, language: Language, uri: str, text: str) -> SyntaxTree:
        key = (language.name, uri, text)
        with self._lock:
            found = self._trees.get(key)
            latest = next((self._trees[k] for k in reversed(self._trees) if k[:2] == key[:2]), None)
        tree = found or _parsed(language, text, latest)
        with self._lock:
            self._trees[key] = tree
            self._trees.move_to_end(key)
            while len(self._trees) > self._size:
                self._trees.popitem(last=False)
        return tree


_recent = _RecentTrees(_KEPT_TREES)


def parse(snapshot: DocumentSnapshot) -> SyntaxTree | None:
    """The document's tree; None where its language has no grammar here or it is far too long."""
    language = language_of(snapshot.language, snapshot.uri)
    if language is None or len(snapshot.text) > LONGEST_PARSED:
        return None
    return _recent.get(language, snapshot.uri, snapshot.text)


def parse_text(language: Language, text: str) -> SyntaxTree:
    """The tree of a text that belongs to no document, such as a completed line. Not kept."""
    return _parsed(language, text, None)


def _parsed(language: Language, text: str, previous: SyntaxTree | None) -> SyntaxTree:
    data = _encoded(text)
    # A parser holds the state of one parse, so each parse, on whatever thread, has its own.
    parser = tree_sitter.Parser(language.grammar())
    tree = parser.parse(data, _edited(previous, data)) if previous else parser.parse(data)
    return SyntaxTree(language, text, data, tree)


def _edited(previous: SyntaxTree, data: bytes) -> tree_sitter.Tree:
    """A copy of the tree, told which bytes the new text replaces in the old one."""
    old = previous.data
    start = _common_length(old, data)
    tail = _common_length(old[start:][::-1], data[start:][::-1])
    tree = previous.tree.copy()
    tree.edit(
        start,
        len(old) - tail,
        len(data) - tail,
        _point(old, start),
        _point(old, len(old) - tail),
        _point(data, len(data) - tail),
    )
    return tree


def _common_length(a: bytes, b: bytes) -> int:
    """The length of the common start, by halving: each comparison is one memcmp."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(data: bytes, byte: int) -> tuple[int, int]:
    """Row and column in bytes, as tree-sitter counts them: only `\\n` ends a row."""
    return data.count(b"\n", 0, byte), byte - (data.rfind(b"\n", 0, byte) + 1)
