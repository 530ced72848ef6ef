"""Gaps in real files and what their completions are worth."""

from pathlib import Path

import pytest

from benchmarks import masked_tasks
from benchmarks.masked import plain_window
from benchmarks.masked_scores import Score, score, summary
from benchmarks.masked_tasks import KINDS, PACKAGES, Masked

ORIGINAL = "def f(a):\n    total = sum(max(a))\n    return total\n"


def gap(before: str, after: str, closers: str = "", kind: str = "rest") -> Masked:
    text = before + closers + after
    offset = len(before)
    return Masked(kind, PACKAGES / "a.py", ORIGINAL, text, offset, offset + len(closers))


LINE = gap("def f(a):\n    ", "\n    return total\n", kind="line")
CLOSED = gap("def f(a):\n    total = sum(max(", "\n    return total\n", "))", kind="closed")


@pytest.mark.parametrize(
    ("task", "completed", "found"),
    [
        (LINE, ORIGINAL, Score(True, True, 1.0, True, False, False, False)),
        (CLOSED, ORIGINAL, Score(True, True, 1.0, True, False, False, None)),
        (LINE, None, Score(False)),
    ],
)
def test_the_whole_score(task, completed, found):
    assert score(task, completed) == found


@pytest.mark.parametrize(
    ("task", "middle", "what", "value"),
    [
        (LINE, "total = sum(max(a))  ", "exact", True),
        (LINE, "total = 0", "exact", False),
        (LINE, "total = (0", "broke", True),
        (LINE, "total = 0", "broke", False),
        (LINE, "    total = 0", "misindented", True),
        (LINE, "total = 0", "misindented", False),
        (CLOSED, "a)))", "doubled", True),
        (CLOSED, "a))", "doubled", False),
        (CLOSED, "')))'))", "doubled", False),  # brackets in a string are text
        (CLOSED, "a", "doubled", False),
        (CLOSED, "a", "parses", False),
    ],
)
def test_one_part_of_it(task, middle, what, value):
    completed = task.text[: task.offset] + middle + task.text[task.after :]
    assert getattr(score(task, completed), what) is value


def test_shares_are_of_those_where_they_apply():
    row = summary([Score(True, exact=True, parses=True, broke=False), Score(True), Score(False)])
    assert (row["n"], row["shown"], row["exact"]) == (3, 0.6667, 0.3333)
    assert (row["broke"], row["misindented"]) == (0.0, None)


@pytest.mark.parametrize("chosen", masked_tasks.SETS)
def test_tasks_are_the_files_with_a_gap(chosen):
    tasks = masked_tasks.tasks(chosen, 24)
    assert {task.kind for task in tasks} == set(KINDS)
    for task in tasks:
        assert task.original == Path(task.path).read_text(encoding="utf-8")
        filled = task.text[: task.offset] + task.wanted + task.text[task.after :]
        assert filled == task.original
        assert task.wanted.strip()
    assert [task.id for task in tasks] == [task.id for task in masked_tasks.tasks(chosen, 24)]


def test_the_sets_have_no_file_in_common():
    one, other = ({t.path for t in masked_tasks.tasks(s, 80)} for s in masked_tasks.SETS)
    assert one.isdisjoint(other)


@pytest.mark.parametrize("budget", [0, 1, 10, 40, 100_000])
def test_a_plain_window_keeps_its_budget_and_touches_the_cursor(budget):
    text = "".join(f"line {n} = {n}\n" for n in range(100))
    offset = text.index("line 50") + 4

    def count(texts):
        return [-(-len(one) // 3) for one in texts]

    window = plain_window(text, offset, budget, count)
    assert text[:offset].endswith(window.prefix)
    assert text[offset:].startswith(window.suffix)
    lines = [*window.prefix.splitlines(True), *window.suffix.splitlines(True)]
    spent = sum(count(lines))
    assert spent <= budget
    if budget == 100_000:
        assert window.prefix + window.suffix == text
    elif budget >= 40:
        assert spent > 0.8 * budget
