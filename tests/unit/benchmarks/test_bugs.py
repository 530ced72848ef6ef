"""The bugs are bugs: each fails its test as it stands, and passes when repaired."""

import pytest

from benchmarks.actions import bugs, programs, signatures
from lsp_server.context.languages import language_of
from lsp_server.context.syntax import parse_text

TUNED = [bug for language in bugs.LANGUAGES for bug in bugs.load(language)]
HELD_OUT = [bug for language in bugs.LANGUAGES for bug in bugs.load(language, held_out=True)]
ALL = [*TUNED, *HELD_OUT]


def test_there_are_enough():
    assert len(TUNED) >= 60
    assert len(HELD_OUT) >= 24
    for some in (TUNED, HELD_OUT):
        assert len({(bug.language, bug.name) for bug in some}) == len(some)


def test_none_is_in_both_sets():
    assert {bug.wrong for bug in TUNED}.isdisjoint(bug.wrong for bug in HELD_OUT)


@pytest.mark.parametrize("bug", ALL, ids=lambda bug: f"{bug.language}-{bug.name}")
def test_a_bug(bug):
    assert bug.wrong != bug.right
    assert "«" not in bug.wrong + bug.right
    start, end = bug.diagnosed
    assert bug.span[0] <= start < end <= bug.span[1]
    assert "\n" not in bug.text[start:end]
    assert parse_text(language_of(bug.language, ""), bug.right).error_count() == 0
    if not programs.can_run(bug.language):
        pytest.skip(f"nothing runs {bug.language} here")
    right = bug.right.join(bug.around)
    assert not bug.is_misplaced(right)
    assert bug.passes(right)
    assert not bug.passes(bug.text)


def test_humanevals_signatures():
    found = signatures.load()
    assert len(found) > 150
    assert all('"""' in s.text or "'''" in s.text for s in found)
    assert found[0].passes(found[0].task.solution)
    assert not found[0].passes(found[0].text)
