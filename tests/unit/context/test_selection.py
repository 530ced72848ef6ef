import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.context.selection import selection_context
from tests.unit.context.marks import count_tokens, snapshot, with_selection
from tests.unit.context.samples import SAMPLES


@pytest.mark.parametrize(
    ("marked", "language", "expected"),
    [
        ("a = 1\n«b = 2\n»c = 3\n", "python", "a = 1\n# <selection>\nc = 3\n"),
        (
            "def f():\n«    b = 2\n    c = 3\n»    return b\n",
            "python",
            "def f():\n    # <selection>\n    return b\n",
        ),
        ("if (a) {\n  «b();»\n}\n", "c", "if (a) {\n  // <selection>\n}\n"),
        ("x = f(«a + b»)\n", "lua", "x = f(\n-- <selection>\n)\n"),
        ("a\r\n«b»\r\nc", "markdown", "a\r\n<selection>\r\nc"),
        # Nothing around it, and nothing at all.
        ("«a = 1\n»", "python", ""),
        ("«»", "python", ""),
    ],
)
def test_the_place_is_marked(marked, language, expected):
    assert selection_context(*with_selection(marked, language), 100, count_tokens) == expected


def test_a_file_that_is_too_large_shows_its_imports_and_heads():
    text = SAMPLES["java"].text
    start = text.index("    void work20(")
    end = text.index("    void work21(")
    context = selection_context(snapshot(text, "java"), start, end, 700, count_tokens)
    assert context.startswith("import java.util.List;\nclass Work {\n")
    assert "    // <selection>\n" in context
    assert "work20(" not in context
    assert "    void work12(int count, int total) { /* ... */ }\n" in context
    assert context.endswith("}\n")
    assert sum(count_tokens([context])) <= 700


def test_nothing_fits():
    assert selection_context(*with_selection("a = 1\n«b = 2»\n"), 2, count_tokens) == ""


@settings(deadline=None)
@given(
    st.text(st.sampled_from("ab(){}:'\"\n\r é😀\ud800")),
    st.integers(0, 90),
    st.integers(0, 90),
    st.integers(0, 120),
    st.sampled_from([*SAMPLES, "markdown"]),
)
def test_any_selection(text, start, end, budget, language):
    context = selection_context(snapshot(text, language), start, end, budget, count_tokens)
    assert sum(count_tokens([context])) <= budget
    assert not context or "<selection>" in context
