"""A cursor at the very start of a line of code."""

import pytest

from lsp_server.completion.opened import with_opened_line
from lsp_server.completion.pipeline import Pipeline
from lsp_server.config import Config
from lsp_server.documents import DocumentSnapshot, apply_edits
from lsp_server.engine.double import Answer, ScriptedEngine


def at(marked: str) -> tuple[DocumentSnapshot, int]:
    text = marked.replace("‸", "")
    return DocumentSnapshot("file:///a.py", 1, "python", text), marked.index("‸")


@pytest.mark.parametrize(
    ("marked", "opened"),
    [
        ("a = 1\n‸b = 2\n", "a = 1\n\nb = 2\n"),
        ("def f():\n‸    return 1\n", "def f():\n\n    return 1\n"),
        ("a = 1\r\n‸b = 2\r\n", "a = 1\r\n\r\nb = 2\r\n"),
        ("a = 1\n‸\nb = 2\n", None),  # an empty line is there already
        ("a = 1\n b‸ = 2\n", None),
        ("def f():\n    ‸return 1\n", None),  # after the indentation one completes that line
        ("a = f(\n‸)\n", None),  # only a closer
        ("‸", None),
    ],
)
def test_where_a_line_is_opened(marked, opened):
    document = with_opened_line(*at(marked))
    assert (document.text if document else None) == opened


async def test_what_is_written_there_is_a_line_of_its_own():
    engine = ScriptedEngine(infills=[Answer("    total = 0\n")])
    snapshot, offset = at("def f(xs):\n‸    return total\n")
    edit = await Pipeline(engine, await engine.ready()).suggest(snapshot, offset, Config())
    assert apply_edits(snapshot.text, [edit]) == "def f(xs):\n    total = 0\n    return total\n"
