"""Gaps in sources of any language, and what is wrong with what is put there."""

import pytest

from benchmarks.endings import HEAD, KINDS, gaps, wrong
from benchmarks.masked_tasks import Masked
from lsp_server.context.languages import LANGUAGES

GO = next(language for language in LANGUAGES if language.name == "go")
SOURCE = "package a\n\n" + "".join(
    f"func f{n}(value int) int {{\n\tif value > {n} {{\n\t\treturn value - (value % {n})\n\t}}\n"
    f"\treturn value + {n}\n}}\n\n"
    for n in range(1, 60)
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.go").write_text(SOURCE)
    (tmp_path / "b.go").write_text(SOURCE)
    return tmp_path


def test_every_kind_of_gap_comes_in_turn_and_is_the_original_without_it(folder):
    found = gaps(folder, GO, 6)
    assert [gap.kind for gap in found] == [*KINDS, next(iter(KINDS))]
    for gap in found:
        assert gap.original == SOURCE
        assert gap.text[: gap.offset] + gap.wanted + gap.text[gap.after :] == SOURCE
    assert found == gaps(folder, GO, 6)


def test_in_a_head_nothing_is_missing(folder):
    found = gaps(folder, GO, 6, kinds=[HEAD], seed=2)
    assert len(found) == 6
    for gap in found:
        assert (gap.text, gap.wanted) == (SOURCE, "")
        assert gap.text[gap.offset :].partition("\n")[0].endswith("{")


def cut(before: str, wanted: str, after: str, closers: str = "") -> Masked:
    text = "package a\n\nfunc f() {\n"
    return Masked(
        "line",
        None,
        text + before + wanted + after,
        text + before + closers + after,
        len(text + before),
        len(text + before + closers),
    )


CALL = cut("\tg(", "1)", "\n}\n", ")")
HEADER = cut("\tif g(", "1) {", "\n\t\th()\n\t}\n}\n", ")")


@pytest.mark.parametrize(
    ("gap", "middle", "expected"),
    [
        (CALL, "1)", ["shown", "exact"]),
        (CALL, "2)", ["shown"]),
        (CALL, "2))", ["shown", "more errors", "brackets"]),
        (HEADER, "2) {", ["shown"]),
        (HEADER, "2) {}", ["shown", "brackets"]),
    ],
)
def test_what_is_wrong(gap, middle, expected):
    completed = gap.text[: gap.offset] + middle + gap.text[gap.after :]
    assert wrong(gap, GO, completed) == expected


def test_no_suggestion_is_not_wrong():
    assert wrong(CALL, GO, None) == []
