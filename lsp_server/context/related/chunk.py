"""Pieces of other files, how alike they are, and which of them fit a budget."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from lsp_server.context.budget import Count
from lsp_server.context.languages import Language

# Two chunks this alike are one; a chunk this alike to what is in view would only be copied. The
# measure and both bounds are llama.vim's.
SAME = 0.9
IN_VIEW = 0.5

# A name's file and the marks around it, in the family's own format or in comments.
_FRAME_TOKENS = 8

_NAME = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True)
class Chunk:
    """Lines of the file at `path`, which is relative to its workspace where it has one."""

    path: str
    text: str

    @cached_property
    def lines(self) -> Counter[str]:
        """How often each line occurs, blank ones left out."""
        return counted(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        return names_in(self.text)


def names_in(text: str) -> frozenset[str]:
    """The names in a text, of three letters and more."""
    return frozenset(_NAME.findall(text))


def counted(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.splitlines() if line.strip())


def similarity(a: Counter[str], b: Counter[str]) -> float:
    """2 * common lines / all lines: 1 for the same lines in any order, 0 where none is common."""
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def distinct(chunks: Iterable[Chunk], in_view: str) -> list[Chunk]:
    """The chunks in order, without those that say again what is in view or what an earlier one
    says."""
    view = counted(in_view)
    kept: list[Chunk] = []
    for chunk in chunks:
        shown = sum(1 for line in chunk.lines if line in view)
        if not chunk.lines or shown > IN_VIEW * len(chunk.lines):
            continue
        if all(similarity(chunk.lines, other.lines) <= SAME for other in kept):
            kept.append(chunk)
    return kept


def fitted(chunks: Sequence[Chunk], budget: int, count: Count) -> list[Chunk]:
    """Those chunks that fit the budget of tokens, the first ones first; given by path, so that
    the order doesn't change with the ranks."""
    found: list[Chunk] = []
    if chunks and budget > 0:
        costs = count([f"{chunk.path}\n{chunk.text}" for chunk in chunks])
        for chunk, cost in zip(chunks, costs, strict=True):
            if cost + _FRAME_TOKENS <= budget:
                found.append(chunk)
                budget -= cost + _FRAME_TOKENS
    return sorted(found, key=lambda chunk: chunk.path)


def as_comments(chunks: Sequence[Chunk], language: Language | None) -> str:
    """The chunks as comments, for models that know no other way to tell files apart."""
    lines: list[str] = []
    for chunk in chunks:
        lines += [f"File: {chunk.path}", *chunk.text.rstrip().splitlines(), ""]
    return "".join(comment(line, language) + "\n" for line in lines)


def comment(line: str, language: Language | None) -> str:
    """The line as a comment, in `#` where the language isn't known."""
    return (language.comment_line(line) if language else f"# {line}").rstrip()
