"""What an edit must not do, whatever the model says: put a placeholder in the code's place, define
anew what the file has, or change code where only comments were to change. Pure functions."""

import re
from collections.abc import Iterator
from typing import Any

from lsp_server.context.syntax import SyntaxTree

Node = Any  # a tree-sitter node; the library is known to context/ alone

# Words for code that is not there. They count where the line is new and is nothing else.
_LEFT_OUT = re.compile(
    r"""\W*(?:
        <?selection>?
      | (?:the\ )?(?:rest|remainder)\ of\ (?:the|your|this|my)\b.*
      | (?:.*\b)?(?:existing|previous|original|unchanged|remaining|other|same)\ (?:\w+\ )?
          (?:code|function|method|class|lines|implementation|logic|body)\b.*
      | (?:.*\b)?(?:your|add|insert|put|implementation|code)\ (?:\w+\ ){0,3}?(?:code|logic|here)\b.*
      | \d+\ more\ lines\ are\ left\ out\ here\W*
      | TODO\b.*\bimplement.*
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_DEFINES = re.compile(
    r"(?:(?:export|default|async|pub|public|static|final|abstract)\s+)*"
    r"(?:def|class|function\*?|func|fn|struct|interface|enum|trait)\s+(\w+)"
)
_COMMENT = re.compile(r"\s*(?:#|//|--|/\*|\*|<!--|<)")
_DOTS = re.compile(r"\s*(?:(?:#|//|--|/\*)\s*)?(?:\.\.\.|…)[\s;*/]*")


def placeholder_in(new: list[str], old: list[str]) -> str:
    """The first new line that stands for code instead of being it; "" where there is none."""
    known = {line.strip() for line in old}
    return next(
        (line.strip() for line in new if line.strip() not in known and _stands_for_code(line)), ""
    )


def _stands_for_code(line: str) -> bool:
    words = _COMMENT.match(line) and _LEFT_OUT.fullmatch(line.strip())
    return bool(words or _DOTS.fullmatch(line))


def defined_again(new: list[str], old: list[str], outside: list[str]) -> str:
    """The first name that the new lines define at the margin, the old ones don't, and the rest of
    the file does already; "" where there is none."""
    before, elsewhere = _defined(old), _defined(outside)
    return next((name for name in _defined(new) if name in elsewhere and name not in before), "")


def _defined(lines: list[str]) -> dict[str, None]:
    return {found[1]: None for line in lines if (found := _DEFINES.match(line))}


def changes_code(before: SyntaxTree, after: SyntaxTree) -> bool:
    """Whether more than comments and docstrings differs."""
    return list(_code(before)) != list(_code(after))


def loses_comments(before: SyntaxTree, after: SyntaxTree) -> bool:
    """Whether there are fewer comments and docstrings than before."""
    counts = [sum(_is_said(node) for node in _nodes(tree)) for tree in (before, after)]
    return counts[1] < counts[0]


def _code(tree: SyntaxTree) -> Iterator[str]:
    """The text of every leaf that is not in a comment or a docstring. Whether an empty body says
    so is left open: a docstring makes `pass` needless."""
    for node in _nodes(tree):
        if node.child_count == 0 and not _is_said(node):
            yield tree.text[tree.offset(node.start_byte) : tree.offset(node.end_byte)].strip()


def _nodes(tree: SyntaxTree) -> Iterator[Node]:
    """All nodes in order, those within comments and docstrings left out."""
    waiting: list[Node] = [tree.root]
    while waiting:
        node = waiting.pop()
        if node.type != "pass_statement":
            yield node
            waiting.extend(() if _is_said(node) else reversed(node.children))


def _is_said(node: Node) -> bool:
    """Whether the node is a comment or a docstring."""
    only = node.named_children[0].type if node.named_child_count == 1 else ""
    return "comment" in node.type or (node.type == "expression_statement" and only == "string")
