import gc
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.context import syntax
from lsp_server.context.languages import LANGUAGES, language_of
from lsp_server.context.syntax import parse, parse_text, reparsed
from lsp_server.documents import Edit
from tests.unit.context.marks import snapshot, with_cursor
from tests.unit.context.samples import SAMPLES

PYTHON = language_of("python", "")

# Long enough to span several blocks of the conversion's table.
texts = st.builds(
    lambda text, times: text * times,
    st.text(st.characters() | st.sampled_from("\ud800\udfff😀é\r\n"), max_size=30),
    st.sampled_from([1, 60]),
)


@settings(deadline=None)
@given(texts)
def test_offsets_go_to_bytes_and_back(text):
    tree = parse_text(PYTHON, text)
    offsets = range(0, len(text) + 1, max(1, len(text) // 50))
    assert [tree.offset(tree.byte_offset(offset)) for offset in offsets] == list(offsets)
    assert tree.offset(tree.byte_offset(len(text))) == len(text)
    assert tree.byte_offset(len(text) + 7) == len(tree.data) == len(text)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_each_language_parses(sample):
    tree = parse(snapshot(sample.text, sample.language_id))
    assert tree.error_count() == 0


@settings(deadline=None)
@given(
    st.sampled_from(list(SAMPLES.values())),
    st.floats(0, 1),
    st.integers(0, 3),
    st.sampled_from(["x", ")", "f(a)", "\n    return é\n", "'", "if a:\n", "{", "[1, 2]", ""]),
)
def test_an_edit_has_the_errors_of_a_fresh_parse(sample, where, replaced, text):
    tree = parse(snapshot(sample.text, sample.language_id))
    start = int(where * len(tree.text))
    end = min(len(tree.text), start + replaced)
    fresh = parse_text(tree.language, tree.text[:start] + text + tree.text[end:])
    assert reparsed(tree, Edit(start, end, text)).error_count() == fresh.error_count()


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("x = 'é😀‸'", "string_end"),
        ("x = ‸name", "identifier"),
        ("f(a‸, b)", "argument_list"),
        ("pass\n‸", "module"),
    ],
)
def test_node_at(marked, kind):
    document, offset = with_cursor(marked)
    assert parse(document).node_at(offset).type == kind


@pytest.mark.parametrize(
    ("text", "errors"), [("x = 1\n", 0), ("f(", 1), ("x = )\ny = )\n", 2), ("", 0)]
)
def test_error_count(text, errors):
    assert parse_text(PYTHON, text).error_count() == errors


def test_deeply_nested_code_is_parsed():
    assert parse_text(PYTHON, "(" * 20_000).error_count() > 0


def test_without_a_grammar_there_is_no_tree():
    assert parse(snapshot("text", "markdown")) is None


def test_what_is_far_too_long_is_not_parsed():
    assert parse(snapshot("x" * (syntax.LONGEST_PARSED + 1))) is None


def test_a_tree_is_kept():
    assert parse(snapshot("x = 1")) is parse(snapshot("x = 1"))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["", "é", "\n", "(", "x = 1"]))
    )
)
def test_typing_ends_in_the_tree_of_a_fresh_parse(edits):
    original = text = "def f(a):\n    return 'é😀' + a\n\n\nclass C:\n    x = [1, 2]\n"
    for place, length, new in edits:
        start = int(place * len(text))
        text = text[:start] + new + text[start + int(length * 5) :]
        tree = parse(snapshot(text))
        assert (tree.text, tree.root.end_byte) == (text, len(text))
    # What was broken on the way leaves no trace.
    assert str(parse(snapshot(original)).root) == str(parse_text(PYTHON, original).root)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_no_language_raises_on_other_languages_code(language):
    for sample in SAMPLES.values():
        assert parse_text(language, sample.text[:500]).error_count() >= 0


@pytest.mark.parametrize("lines", [100, 5_000])
def test_what_was_parsed_is_let_go_of(lines):
    text = "def f(a):\n    return a\n" * lines
    tree = parse_text(PYTHON, text)
    kept: list[int] = []
    tracemalloc.start()
    for _ in range(2):
        for number in range(10):
            tree = reparsed(tree, Edit(len(text) // 2, len(text) // 2, f"x{number}"))
            parse_text(PYTHON, f"{text}# {number}")
        gc.collect()
        kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert kept[1] - kept[0] < 2 * len(text)
