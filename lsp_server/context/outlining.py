"""Reads a file's outline: what its language's query finds, in order and in one another."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from textwrap import dedent, indent

import tree_sitter

from lsp_server.context.budget import Piece
from lsp_server.context.indent import indent_of
from lsp_server.context.languages import Language
from lsp_server.context.outline import Definition, Import, Outline, lines_of
from lsp_server.context.syntax import SyntaxTree, parse
from lsp_server.documents import DocumentSnapshot


def outline_of(snapshot: DocumentSnapshot) -> Outline | None:
    """The file's outline; None where its language has no grammar here."""
    tree = parse(snapshot)
    return _outline(tree) if tree else None


@lru_cache(maxsize=8)
def _outline(tree: SyntaxTree) -> Outline:
    snapshot = tree.snapshot
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
    spans = _outermost(imports)
    around = _innermost([first for first, _ in spans], definitions.values())
    imported = [
        _import(snapshot, Piece(*span, lines_of(snapshot, *span)), within)
        for span, within in zip(spans, around, strict=True)
    ]
    return Outline(tree, _forest(list(definitions.values())), imported)


def _import(snapshot: DocumentSnapshot, piece: Piece, within: Definition | None) -> Import:
    """What holds in a whole file or function needs no `if` or `try` around it."""
    if within is None:
        return Import(replace(piece, text=dedent(piece.text)), None)
    start = within.body[0]
    if snapshot.text[start] == "{":
        return Import(piece, within.last)
    step = indent_of(snapshot.line(snapshot.line_of(start)))
    return Import(replace(piece, text=indent(dedent(piece.text), step)), within.last)


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


def _span(tree: SyntaxTree, node: tree_sitter.Node) -> tuple[int, int]:
    """The node's code points, without the white space that some grammars end a block with."""
    start, end = node.start_byte, node.end_byte
    while end > start and tree.text[end - 1].isspace():
        end -= 1
    return start, end


def _forest(definitions: list[Definition]) -> list[Definition]:
    roots: list[Definition] = []
    open_: list[Definition] = []
    for definition in sorted(definitions, key=lambda d: (d.first, -d.last, d.body)):
        while open_ and open_[-1].body[1] <= definition.body[0]:
            open_.pop()
        (open_[-1].children if open_ else roots).append(definition)
        open_.append(definition)
    return roots


def _innermost(lines: list[int], definitions: Iterable[Definition]) -> list[Definition | None]:
    """For each of the lines, in order, the innermost definition around it."""
    waiting = sorted(definitions, key=lambda d: (d.first, d.last), reverse=True)
    around: list[Definition] = []
    found: list[Definition | None] = []
    for line in lines:
        while waiting and waiting[-1].first <= line:
            around.append(waiting.pop())
            # What ended before this definition began is around nothing that follows.
            while len(around) > 1 and around[-2].last < around[-1].last:
                del around[-2]
        while around and around[-1].last < line:
            around.pop()
        found.append(around[-1] if around else None)
    return found


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, without those that lie in another or touch its lines."""
    kept: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda s: (s[0], -s[1])):
        if not kept or span[0] > kept[-1][1]:
            kept.append(span)
    return kept


@cache
def _query(language: Language) -> tree_sitter.Query:
    return tree_sitter.Query(language.grammar(), _query_source(language.name))


def _query_source(name: str) -> str:
    """queries/<name>.scm, after those that its first line says it inherits."""
    source = (files(__package__) / "queries" / f"{name}.scm").read_text(encoding="utf-8")
    inherited = re.match(r"; inherits: (\w+)", source)
    return _query_source(inherited[1]) + source if inherited else source
