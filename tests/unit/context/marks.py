"""Marked text: `‸` is the cursor, `«»` a selection."""

import re
from collections.abc import Sequence

from lsp_server.documents import DocumentSnapshot

_TOKEN = re.compile(r"\w{1,6}|[^\S\r\n]+|\r\n|[^\w]")


def count_tokens(texts: Sequence[str]) -> list[int]:
    """A stand-in for a tokenizer; tokens of joined lines are those of each line."""
    return [len(_TOKEN.findall(text)) for text in texts]


def snapshot(text: str, language: str = "python") -> DocumentSnapshot:
    return DocumentSnapshot("file:///sample", 1, language, text)


def with_cursor(marked: str, language: str = "python") -> tuple[DocumentSnapshot, int]:
    return snapshot(marked.replace("‸", ""), language), marked.index("‸")


def with_selection(marked: str, language: str = "python") -> tuple[DocumentSnapshot, int, int]:
    start, end = marked.index("«"), marked.index("»") - 1
    return snapshot(marked.replace("«", "").replace("»", ""), language), start, end
