"""Reads a file's outline: what its language's query finds, in order and in one another."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from textwrap import dedent

import tree_sitter

from lsp_server.context.budget import Piece
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
    ends = _ends_of_scope([first for first, _ in spans], definitions.values())
    imported = [
        _import(Piece(*span, lines_of(snapshot, *span)), end)
        for span, end in zip(spans, ends, strict=True)
    ]
    return Outline(tree, _forest(list(definitions.values())), imported)


def _import(piece: Piece, within_until: int | None) -> Import:
    """What holds in the whole file needs no `if` or `try` around it."""
    text = piece.text if within_until is not None else dedent(piece.text)
    return Import(replace(piece, text=text), within_until)


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


def _ends_of_scope(lines: list[int], definitions: Iterable[Definition]) -> list[int | None]:
    """For each of the lines, in order, the last line of the innermost definition around it."""
    waiting = sorted(((d.first, d.last) for d in definitions), reverse=True)
    around: list[int] = []
    ends: list[int | None] = []
    for line in lines:
        while waiting and waiting[-1][0] <= line:
            around.append(waiting.pop()[1])
            # What ended before this definition began is around nothing that follows.
            while len(around) > 1 and around[-2] < around[-1]:
                del around[-2]
        while around and around[-1] < line:
            around.pop()
        ends.append(around[-1] if around else None)
    return ends


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
