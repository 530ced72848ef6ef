"""What a file defines and imports, by lines: the material from which a trimmed view is made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files

import tree_sitter

from lsp_server.context.budget import Piece
from lsp_server.context.languages import Language
from lsp_server.context.syntax import SyntaxTree, parse
from lsp_server.documents import DocumentSnapshot

# What may stand between a definition and the body it belongs to: `#ifdef`, `extern "C" {`.
_TRANSPARENT = re.compile(r"preproc_|linkage_specification|declaration_list|ERROR")


@dataclass(eq=False)
class Definition:
    """A function, class or the like. Lines are inclusive, the body's ends are code points.

    `container` tells a class, whose members are worth a line each, from a function.
    """

    first: int
    last: int
    body: tuple[int, int]
    body_id: int
    container: bool
    docstring: tuple[int, int] | None = None
    children: list["Definition"] = field(default_factory=list)


@dataclass(frozen=True)
class Outline:
    """The definitions of one text as a forest, and the lines of its imports."""

    snapshot: DocumentSnapshot
    tree: SyntaxTree
    definitions: list[Definition]
    imports: list[tuple[int, int]]

    def lines(self, first: int, last: int) -> str:
        """The text of these lines, their ends included."""
        return self.snapshot.text[self.line_start(first) : self.line_start(last + 1)]

    def line_start(self, line: int) -> int:
        starts = self.snapshot.line_starts
        return starts[line] if line < len(starts) else len(self.snapshot.text)

    @cached_property
    def line_count(self) -> int:
        return self.snapshot.line_count

    def head_last(self, definition: Definition) -> int:
        """The last line of the head: the one with the opening brace, or the one before the body."""
        start, _ = definition.body
        line = self.snapshot.line_of(start)
        opens_here = self.snapshot.text.startswith("{", start)
        return line if opens_here else max(definition.first, line - 1)

    def docstring_line(self, definition: Definition) -> Piece | None:
        """The docstring cut to its first line, in place of the lines that it takes."""
        if definition.docstring is None:
            return None
        start, end = definition.docstring
        first, last = self.snapshot.line_of(start), self.snapshot.line_of(end - 1)
        text = self.lines(first, last)
        quotes = self.snapshot.text[end - 3 : end]
        if first != last and quotes in ('"""', "'''"):
            line = self.lines(first, first)
            opening = line.rstrip()
            # After `"` or `\\` the quotes would not close the string.
            space = " " if opening[-1] in "\"'\\" else ""
            text = opening + space + quotes + line[len(opening) :]
        return Piece(first, last, text)

    def elided(self, definition: Definition) -> str | None:
        """The definition's lines with its body left out; None where that would save no line."""
        return self._without(definition, [definition])

    def members(self, definition: Definition) -> str | None:
        """A class's lines with the bodies of its functions left out."""
        if not definition.container:
            return None
        return self._without(definition, _functions(definition))

    def _without(self, definition: Definition, bodies: list[Definition]) -> str | None:
        text, elided = self.snapshot.text, self.tree.language.elided
        pieces = []
        position = self.line_start(definition.first)
        end = self.line_start(definition.last + 1)
        for start, stop in (inner.body for inner in bodies):
            if "\n" not in text[start:stop] or start < position:
                continue
            # A comment in place of a body must not swallow what follows it on its line.
            if elided.startswith(self.tree.language.comment) and not _ends_line(text, stop):
                continue
            pieces += [text[position:start], elided]
            position = stop
        if not pieces:
            return None
        return "".join([*pieces, text[position:end]])

    def ancestors(self, line: int) -> list[tree_sitter.Node]:
        """The nodes that hold the start of this line's code and begin before it, innermost
        first, the root not among them."""
        byte = self._first_code_byte(line)
        node = self.tree.root.descendant_for_byte_range(byte, byte)
        around = [node, *_parents(node)][:-1] if node else []
        return [node for node in around if node.start_byte < byte]

    def depth(self, line: int) -> int | None:
        """How deeply the code that starts on this line is nested; None where none starts there:
        inside a string, at a closing bracket, on a blank line."""
        if not self.lines(line, line).strip():
            return None
        node = self._starting(line)
        return len(list(_parents(node))) if node else None

    def stands_alone(self, definition: Definition, within: Definition | None) -> bool:
        """Whether it is a statement of its own in the body of `within`, or else of the file, and
        not a part of one, such as a function in a table."""
        node = self._starting(definition.first)
        if node is None:
            return False
        for parent in _parents(node):
            if within and parent.id == within.body_id:
                return True
            if parent.parent and not _TRANSPARENT.match(parent.type):
                return False
        return within is None

    def _starting(self, line: int) -> tree_sitter.Node | None:
        """The largest node that starts where the line's code does."""
        byte = self._first_code_byte(line)
        node = self.tree.root.named_descendant_for_byte_range(byte, byte)
        if node is None or node.start_byte != byte:
            return None
        for parent in _parents(node):
            if parent.start_byte < byte or parent.parent is None:
                return node
            node = parent
        return None

    def line_at(self, byte: int) -> int:
        return self.snapshot.line_of(self.tree.offset(byte))

    def _first_code_byte(self, line: int) -> int:
        start = self.line_start(line)
        text = self.lines(line, line)
        return self.tree.byte_offset(start + len(text) - len(text.lstrip()))


def outline_of(snapshot: DocumentSnapshot) -> Outline | None:
    """The file's outline; None where its language has no grammar here."""
    tree = parse(snapshot)
    return _outline(tree, snapshot) if tree else None


@lru_cache(maxsize=4)
def _outline(tree: SyntaxTree, snapshot: DocumentSnapshot) -> Outline:
    definitions: dict[int, Definition] = {}
    docstrings: dict[int, tuple[int, int]] = {}
    imports: list[tuple[int, int]] = []
    cursor = tree_sitter.QueryCursor(_query(tree.language))
    for _, captures in cursor.matches(tree.root):
        one = {name: nodes[0] for name, nodes in captures.items()}
        if "docstring" in one:
            docstring = _span(tree, one["docstring"])
            docstrings[docstring[0]] = docstring
        elif "definition" in one:
            _add_definition(definitions, tree, snapshot, one)
        elif "import" in one:
            start, end = _span(tree, one["import"])
            imports.append((snapshot.line_of(start), snapshot.line_of(max(start, end - 1))))
    for definition in definitions.values():
        definition.docstring = docstrings.get(definition.body[0])
    return Outline(snapshot, tree, _forest(list(definitions.values())), _outermost(imports))


def _add_definition(
    definitions: dict[int, Definition],
    tree: SyntaxTree,
    snapshot: DocumentSnapshot,
    captures: dict[str, tree_sitter.Node],
) -> None:
    """A decorated or exported definition is found twice with the same body: the wider one stays."""
    body = captures.get("body") or captures["members"]
    start, end = _span(tree, captures["definition"])
    first, last = snapshot.line_of(start), snapshot.line_of(max(start, end - 1))
    known = definitions.get(body.id)
    if known:
        first, last = min(first, known.first), max(last, known.last)
    definitions[body.id] = Definition(
        first, last, _span(tree, body), body.id, "members" in captures
    )


def _parents(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _span(tree: SyntaxTree, node: tree_sitter.Node) -> tuple[int, int]:
    """The node's code points, without the white space that some grammars end a block with."""
    start, end = tree.offset(node.start_byte), tree.offset(node.end_byte)
    return start, start + len(tree.text[start:end].rstrip())


def _forest(definitions: list[Definition]) -> list[Definition]:
    roots: list[Definition] = []
    open_: list[Definition] = []
    for definition in sorted(definitions, key=lambda d: (d.first, -d.last, d.body)):
        while open_ and open_[-1].body[1] <= definition.body[0]:
            open_.pop()
        (open_[-1].children if open_ else roots).append(definition)
        open_.append(definition)
    return roots


def _functions(container: Definition) -> list[Definition]:
    """The functions in a container, those in containers within it included, in order."""
    found: list[Definition] = []
    for child in container.children:
        found += _functions(child) if child.container else [child]
    return found


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, without those that lie in another or touch its lines."""
    kept: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda s: (s[0], -s[1])):
        if not kept or span[0] > kept[-1][1]:
            kept.append(span)
    return kept


def _ends_line(text: str, offset: int) -> bool:
    return re.compile(r"[^\S\r\n]*(?:[\r\n]|$)").match(text, offset) is not None


@cache
def _query(language: Language) -> tree_sitter.Query:
    return tree_sitter.Query(language.grammar(), _query_source(language.name))


def _query_source(name: str) -> str:
    """queries/<name>.scm, after those that its first line says it inherits."""
    source = (files(__package__) / "queries" / f"{name}.scm").read_text(encoding="utf-8")
    inherited = re.match(r"; inherits: (\w+)", source)
    return _query_source(inherited[1]) + source if inherited else source
