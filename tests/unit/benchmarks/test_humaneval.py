"""The benchmark's data and how tasks are chosen from them."""

import pytest

from benchmarks import humaneval, sandbox
from benchmarks.gaps import document


@pytest.mark.parametrize(("kind", "count"), [("single", 1033), ("span", 164)])
def test_the_data_are_whole(kind, count):
    tasks = humaneval.load(kind)
    assert len({task.id for task in tasks}) == count


@pytest.mark.parametrize("kind", ["single", "span"])
def test_the_canonical_solution_passes_and_an_empty_one_fails(kind):
    task = humaneval.load(kind)[0]
    assert sandbox.run(task.program(task.solution)).passed
    assert not sandbox.run(task.program(task.prompt + task.suffix)).passed


@pytest.mark.parametrize(
    ("count", "limit", "expected"),
    [
        (10, None, list(range(10))),
        (10, 20, list(range(10))),
        (10, 10, list(range(10))),
        (10, 5, [0, 2, 4, 6, 8]),
        (10, 3, [0, 3, 6]),
        (10, 1, [0]),
        (0, 5, []),
    ],
)
def test_a_limit_spreads_evenly(count, limit, expected):
    assert humaneval.spread(list(range(count)), limit) == expected


def test_a_missing_line_is_an_empty_line_in_the_editor():
    task = humaneval.load("single")[0]
    place = document(task)
    assert place.prefix == task.prompt
    assert place.suffix == "\n" + task.suffix
    with_line = place.prefix + task.canonical.rstrip("\n") + place.suffix
    assert with_line == task.solution


@pytest.mark.parametrize(("kind", "joined"), [("span", False), ("single", True)])
def test_other_gaps_are_as_in_the_data(kind, joined):
    task = humaneval.load(kind)[0]
    place = document(task, joined)
    assert (place.prefix, place.suffix) == (task.prompt, task.suffix)
