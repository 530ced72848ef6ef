"""Takes out what small models add unasked: an example of use after the code. Pure functions.

What was asked for is a definition. A statement below it that prints, asserts or calls it for show
runs whenever the file is loaded, so it is worse than useless there. It stays where the user's own
code, or the words of the request, already have such a thing.
"""

import re
from typing import Any

from lsp_server.context.languages import Language
from lsp_server.context.syntax import SyntaxTree, parse_text

Node = Any  # a tree-sitter node; the library is known to context/ alone

_DEFINITION = re.compile(r"function|class|definition|method|interface|struct|enum|trait|impl_item")
_FUNCTION_VALUE = re.compile(r"=>|\bfunction\b|\blambda\b")
_HEADING = re.compile(
    r"\W*(?:(?:for )?examples?|(?:sample |example )?usage|tests?|testing|test cases?|demo|"
    r"try it)\b",
    re.IGNORECASE,
)
_SHOWS = re.compile(
    r"\s*(?:print|console\.\w+|puts|echo|println!?|printf|alert|assert\w*(?:\.\w+)?)\b"
    r"|\s*if\s+__name__\s*=="
)
_ASSIGNS = re.compile(r"\s*(?:const |let |var |local |my )?\s*[$@]?(\w+)[^=\n]*=(?![=>])")
_ASKED = re.compile(
    r"\b(?:example|usage|demo|tests?|print|log|output|show|call|run|main|script|program)", re.I
)


def without_demonstration(code: str, language: Language | None, source: str, wish: str) -> str:
    """The code less the statements that only show it at work. `source` is the code or comment that
    was asked about, `wish` what the user said."""
    if language is None:
        return code
    tree = parse_text(language, code)
    start = _start(tree)
    if start is None or _is_asked(parse_text(language, source), wish):
        return code
    return code[: tree.offset(start)].rstrip()


def _is_asked(source: SyntaxTree, wish: str) -> bool:
    """Whether the request is about running something: in so many words, or because the code has
    such statements itself. A comment is a request, the text of a definition is not."""
    defines = any(_defines(node) for node in source.root.named_children)
    return _start(source) is not None or bool(
        _ASKED.search(wish if defines else f"{wish}\n{source.text}")
    )


def _start(tree: SyntaxTree) -> int | None:
    """The byte at which the demonstration starts; None where there is none."""
    nodes = tree.root.named_children
    last = max((i for i, node in enumerate(nodes) if _defines(node)), default=-1)
    if last < 0:
        return None
    tail = nodes[last + 1 :]
    for node in tail:
        if "comment" in node.type and _HEADING.match(_text(node)):
            return node.start_byte
    return _shown_from(tail)


def _shown_from(tail: list[Node]) -> int | None:
    """The start of the last statements that show something, with the values and comments that
    lead up to them."""
    dropped: list[Node] = []
    shown = ""
    for node in reversed(tail):
        text = _text(node)
        value = _ASSIGNS.match(text)
        if _SHOWS.match(text) or (shown and value and re.search(rf"\b{value[1]}\b", shown)):
            shown += text
        elif "comment" not in node.type:
            break
        dropped.append(node)
    return dropped[-1].start_byte if shown else None


def _defines(node: Node) -> bool:
    """Whether the statement defines something: a function, a class, a function as a value."""
    if _DEFINITION.search(node.type):
        return True
    inside = node.type.endswith(("declaration", "export_statement", "assignment"))
    return inside and bool(_FUNCTION_VALUE.search(_text(node)))


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
