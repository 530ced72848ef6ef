import pytest

from lsp_server.handlers.copied import copied_lines


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [
        ((2, 0), (4, 3), (2, 4)),
        ((2, 0), (4, 0), (2, 3)),  # whole lines
        ((2, 0), (2, 0), (2, 2)),
        ((2, 3), (2, 5), (2, 2)),
        ((None, 0), (4, 0), None),
        ((2, 0), ("4", 0), None),
    ],
)
def test_the_lines_of_a_range(start, end, lines):
    first, last = ({"line": line, "character": at} for line, at in (start, end))
    assert copied_lines({"range": {"start": first, "end": last}}) == lines


@pytest.mark.parametrize("params", [None, {}, {"range": None}, {"range": {"start": {"line": 1}}}])
def test_what_is_no_range_has_none(params):
    assert copied_lines(params) is None
