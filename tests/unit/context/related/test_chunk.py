"""Chunks: alike, distinct, within a budget, as comments."""

from lsp_server.context.languages import language_of
from lsp_server.context.related.chunk import (
    Chunk,
    as_comments,
    counted,
    distinct,
    fitted,
    similarity,
)
from tests.unit.context.marks import count_tokens


def test_similarity_counts_common_lines():
    assert similarity(counted("a\nb\n"), counted("b\n\n  a")) == 1
    assert similarity(counted("a\nb\n"), counted("a\nc\n")) == 0.5
    assert similarity(counted("a\n"), counted("b\n")) == 0
    assert similarity(counted(""), counted("")) == 1


def test_what_is_in_view_or_said_already_is_left_out():
    lines = "".join(f"line {n}\n" for n in range(20))
    chunks = [
        Chunk("a", lines),
        Chunk("b", lines.replace("line 1\n", "line one\n")),
        Chunk("c", "x = 1\ny = 2\nz = 3\n"),
        Chunk("d", "x = 1\nw = 2\n  v = 3\n"),
        Chunk("e", "\n"),
    ]
    kept = distinct(chunks, "something\nx = 1\n  y = 2\n")
    assert [chunk.path for chunk in kept] == ["a", "d"]


def test_the_first_that_fit_are_taken_and_ordered_by_path():
    chunks = [Chunk("b", "one two"), Chunk("c", "word " * 100), Chunk("a", "three four")]
    found = fitted(chunks, 40, count_tokens)
    assert [chunk.path for chunk in found] == ["a", "b"]
    assert fitted(chunks, 0, count_tokens) == []


def test_as_comments():
    chunks = [Chunk("a/b.py", "def f():\n\n    ...\n"), Chunk("c.py", "x = 1")]
    assert as_comments(chunks, language_of("python", "")) == (
        "# File: a/b.py\n# def f():\n#\n#     ...\n#\n# File: c.py\n# x = 1\n#\n"
    )
    assert as_comments([], None) == ""
