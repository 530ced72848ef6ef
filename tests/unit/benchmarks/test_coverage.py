import pytest

from benchmarks.coverage import names_in


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("total = sum(values)", {"total", "values"}),
        ('name = "not this" + other  # nor this', {"name", "other"}),
        ("        if self.ready:\n            return i", {"ready"}),
        ("call(one,", {"call", "one"}),
        ("value)))", {"value"}),
        ("", set()),
    ],
)
def test_the_names_of_a_gap(code, names):
    assert names_in(code) == names
