"""Syntax trees of documents, kept while they are typed in.

A tree belongs to one text and is never changed. A new version of a document is parsed from the
last tree of the same document, which takes a tenth of the time of a fresh parse.

The parser reads one byte for each code point, so that its places are ours. What isn't ASCII becomes
a letter: within strings, comments and names, which is where it stands, any letter will do.
"""

import codecs
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import tree_sitter

from lsp_server.context.changed import changed_span
from lsp_server.context.languages import Language, language_of
from lsp_server.documents import DocumentSnapshot, Edit

# A fresh parse takes about a third of a second for a million code points. What is much longer is
# data or generated, and is treated as lines.
LONGEST_PARSED = 6_000_000

# A longer text is read in parts, between which other threads can run.
_READ_AT_ONCE = 65_536
_PART = 16_384
_NAME = 64  # as long as what a query compares, mostly
_KEPT_DOCUMENTS = 8
_KEPT_TREES = 2  # of the text as it is, and without the line that is being typed
_LETTER = "codellama-letter"


@dataclass(frozen=True, eq=False)
class SyntaxTree:
    """The tree of one text. Broken code has a tree, too: with ERROR and missing nodes in it."""

    language: Language
    snapshot: DocumentSnapshot
    data: bytes
    tree: tree_sitter.Tree

    @property
    def text(self) -> str:
        return self.snapshot.text

    @property
    def root(self) -> tree_sitter.Node:
        return self.tree.root_node

    def byte_offset(self, offset: int) -> int:
        """The byte of the code point at `offset`; past the end, their number."""
        return max(0, min(offset, len(self.data)))

    def offset(self, byte: int) -> int:
        """The code point of the byte; past the end, the text's length."""
        return max(0, min(byte, len(self.data)))

    def node_at(self, offset: int) -> tree_sitter.Node:
        """The smallest named node that covers the code point at `offset`; the root at the end of
        the text and between the root's children."""
        byte = self.byte_offset(offset)
        return self.root.named_descendant_for_byte_range(byte, byte) or self.root

    def path(self, offset: int) -> list[tree_sitter.Node]:
        """The nodes that cover the code point at `offset`, from the root down. Asking a node for
        its parent walks down from the root each time."""
        byte = self.byte_offset(offset)
        cursor = self.tree.walk()
        nodes = [self.root]
        while cursor.goto_first_child_for_byte(byte) is not None:
            node = cursor.node
            if node is None or node.start_byte > byte:
                break
            nodes.append(node)
        return nodes

    def errors(self) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node]]:
        """The ERROR and missing nodes, each after the node that has it; none for code without a
        syntax error. The root may be one itself, and then comes after itself."""
        waiting = [(self.root, self.root)]
        while waiting:
            parent, node = waiting.pop()
            if node.has_error:
                if node.is_error or node.is_missing:
                    yield parent, node
                waiting.extend((node, child) for child in node.children)

    def error_count(self) -> int:
        return sum(1 for _ in self.errors())


def is_text(node: tree_sitter.Node) -> bool:
    """Whether the node is a string or a comment, by the names that all grammars give these."""
    return any(name in node.type for name in ("string", "heredoc", "comment"))


def _letters(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "x" * (error.end - error.start), error.end


codecs.register_error(_LETTER, _letters)


def _encoded(text: str) -> bytes:
    return text.encode("ascii", errors=_LETTER)


class _RecentTrees:
    """The last trees of the last few documents."""

    def __init__(self) -> None:
        self._trees: OrderedDict[tuple[str, str], list[SyntaxTree]] = OrderedDict()
        self._lock = Lock()

    def get(self, language: Language, snapshot: DocumentSnapshot) -> SyntaxTree:
        key = (language.name, snapshot.uri)
        with self._lock:
            kept = self._trees.get(key, [])
        tree = next((tree for tree in kept if tree.text == snapshot.text), None)
        tree = tree or _parsed(language, snapshot, kept[-1] if kept else None)
        with self._lock:
            others = [other for other in self._trees.get(key, []) if other is not tree]
            self._trees[key] = [*others, tree][-_KEPT_TREES:]
            self._trees.move_to_end(key)
            while len(self._trees) > _KEPT_DOCUMENTS:
                self._trees.popitem(last=False)
        return tree


_recent = _RecentTrees()


def parse(snapshot: DocumentSnapshot) -> SyntaxTree | None:
    """The document's tree; None where its language has no grammar here or it is far too long."""
    language = language_of(snapshot.language, snapshot.uri)
    if language is None or len(snapshot.text) > LONGEST_PARSED:
        return None
    return _recent.get(language, snapshot)


def parse_text(language: Language, text: str) -> SyntaxTree:
    """The tree of a text that belongs to no document, such as a completed line. Not kept."""
    return _parsed(language, DocumentSnapshot("", 0, language.name, text), None)


def reparsed(tree: SyntaxTree, edit: Edit) -> SyntaxTree:
    """The tree of the text with an edit in it, for a small part of the time of a fresh parse."""
    return _parsed(tree.language, tree.snapshot.edited(0, edit), tree, edit)


def _parsed(
    language: Language,
    snapshot: DocumentSnapshot,
    previous: SyntaxTree | None,
    edit: Edit | None = None,
) -> SyntaxTree:
    """`edit` is what made the previous text this one, where that is known."""
    if previous is None:
        data = _encoded(snapshot.text)
        return SyntaxTree(language, snapshot, data, _tree_of(language, data))
    if edit is None:
        span = changed_span(previous.snapshot, snapshot)
    else:
        span = edit.start, edit.end, edit.start + len(edit.text)
    data, edited = _edited(previous, snapshot, *span)
    return SyntaxTree(language, snapshot, data, _tree_of(language, data, edited))


def _tree_of(
    language: Language, data: bytes, edited: tree_sitter.Tree | None = None
) -> tree_sitter.Tree:
    # A parser holds the state of one parse, so each parse, on whatever thread, has its own.
    parser = tree_sitter.Parser(language.grammar())
    if len(data) <= _READ_AT_ONCE:
        return parser.parse(data, edited) if edited else parser.parse(data)
    with _Reader(data) as read:
        return parser.parse(read, edited) if edited else parser.parse(read)


class _Reader:
    """Gives a long text to the parser in parts, and then to the tree: a query that compares a
    node's text reads it here, and would end the process where that failed.

    tree-sitter never lets go of what it was given to parse (0.26.1): so it gets views, of which
    nothing is left when they are released. What a query is given, it does let go of.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._views: list[memoryview] | None = []

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_exc: object) -> None:
        for view in self._views or ():
            view.release()
        self._views = None

    def __call__(self, byte: int, _point: object) -> bytes | memoryview:
        if self._views is None:
            return self._data[byte : byte + _NAME]
        self._views.append(memoryview(self._data)[byte : byte + _PART])
        return self._views[-1]


def _edited(
    previous: SyntaxTree, snapshot: DocumentSnapshot, start: int, old_end: int, new_end: int
) -> tuple[bytes, tree_sitter.Tree]:
    """The new text's bytes, and a copy of the tree that was told what they replace."""
    old = previous.data
    data = old[:start] + _encoded(snapshot.text[start:new_end]) + old[old_end:]
    tree = previous.tree.copy()
    at = _point(old, start)
    tree.edit(
        start,
        old_end,
        new_end,
        at,
        _point(old, old_end, start, at),
        _point(data, new_end, start, at),
    )
    return data, tree


def _point(
    data: bytes, byte: int, known: int = 0, known_point: tuple[int, int] = (0, 0)
) -> tuple[int, int]:
    """Row and column in bytes, as tree-sitter counts them: only `\\n` ends a row. The point of an
    earlier byte saves counting from the start."""
    rows = data.count(b"\n", known, byte)
    return known_point[0] + rows, byte - (data.rfind(b"\n", 0, byte) + 1)
