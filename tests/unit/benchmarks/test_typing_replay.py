"""A replay and its figures."""

import pytest

from benchmarks.typing.document import Shown
from benchmarks.typing.recording import Accept, Arrive, Newline, Place, Think, Type
from benchmarks.typing.replay import Answered, Kind, replay
from benchmarks.typing.summary import quantile, side_by_side, summary
from benchmarks.typing.work import Decode, Work, asked, decodes_in, work_in


class Echo:
    """A way that suggests `()` everywhere and keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def arrive(self, document):
        self.seen.append("arrived")

    def see(self, document):
        pass

    async def key(self, document):
        self.seen.append(document.text[: document.offset].rpartition("\n")[2])
        return Shown(document.offset, document.offset, "()"), False


async def test_accepted_text_stays_where_the_cursor_comes_back_to():
    there = Place("bisect.py", "retype", "mid = (lo + hi) // 2", "")
    keys = [Type("f"), Think(0), Accept(False, "?"), Newline(), Type("g")]
    back = Place("bisect.py", "after", "f()", "")
    way = Echo()
    answered = await replay(way, [Arrive(there), *keys, Arrive(back), Type(";")], 0, 0)
    lines = ["f", "f()", "", "g"]
    assert [line.strip() for line in way.seen] == ["arrived", *lines, "arrived", "f();"]
    kinds = [Kind.FIRST, Kind.ACCEPT, Kind.NEWLINE, Kind.ON_LINE, Kind.FIRST]
    assert [key.kind for key in answered] == kinds


def key(kind: Kind, started: float, ms: float, text: str = "") -> Answered:
    shown = Shown(0, 0, text) if text else None
    return Answered(kind, started, started + ms / 1000, started + 1, shown)


def test_the_figures_of_a_replay():
    answered = [
        key(Kind.FIRST, 0, 100, "abcd"),
        key(Kind.ON_LINE, 1, 2, "bcd"),
        key(Kind.ON_LINE, 2, 50, "xy"),
        key(Kind.ON_LINE, 3, 30),
    ]
    work = [
        Work(0.01, 0.1, False, 900, 4),
        Work(1.5, None, True, 7, 3),
        Work(2.01, 2.04, False, 2, 5),
        Work(2.99, 3.02, True, 0, 1),  # joined by the last key
    ]
    found = summary(answered, work, count=len)
    assert found["keys that the engine answers, p50 ms"] == pytest.approx(50)
    assert found["keys that the engine answers, p95 ms"] == pytest.approx(100)
    assert found["answered from cache, share"] == 0.25
    assert found["answers from cache, p95 ms"] == pytest.approx(2)
    assert found["mean over all keys, ms"] == pytest.approx(45.5)
    assert found["suggestions shown"] == 3
    assert found["tokens evaluated a key on a line"] == pytest.approx(2 / 3)
    assert found["the same, where the engine was asked"] == 2
    assert found["tokens evaluated a key, all work"] == 909 / 4
    assert found["tokens generated a key"] == 13 / 4
    assert found["of them thrown away"] == (13 - 4 - 2) / 4  # `bcd` is the rest of `abcd`


def test_figures_stand_beside_the_peers():
    assert side_by_side("t", {"a": 1, "b": None}, {"a": 4, "b": 2}) == [
        {"t": "a", "this server": 1, "llama.vim's way": 4, "ratio": 0.25},
        {"t": "b", "this server": None, "llama.vim's way": 2, "ratio": None},
    ]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (Work(1.0, 1.1, False, 0, 0), True),  # asked for it
        (Work(1.0, 1.1, True, 0, 0), False),  # began in idle time
        (Work(0.5, 1.1, True, 0, 0), True),  # was under way, and ended for it
        (Work(0.5, 0.9, False, 0, 0), False),
        (Work(0.5, None, True, 0, 0), False),
        (Work(1.3, 1.4, False, 0, 0), False),
    ],
)
def test_who_answered_a_key(one, expected):
    assert asked([one], 1.0, 1.2) is expected


def test_an_engines_records_are_read():
    lines = """
{"begun": 1.0, "number": 1, "idle": false}
{"begun": 1.5, "number": 2, "idle": true}
{"number": 1, "last": 1.2, "evaluated": 12, "generated": 3}
""".strip()
    assert work_in(lines) == [Work(1.0, 1.2, False, 10, 3)]


@pytest.mark.parametrize(
    ("values", "q", "expected"), [([], 0.5, None), ([3, 1, 2], 0.5, 2), ([1, 2], 0.95, 2)]
)
def test_quantiles(values, q, expected):
    assert quantile(values, q) == expected


def test_decodes_are_read_beside_requests():
    lines = """
{"begun": 1.0, "number": 1, "idle": false}
{"decode": [1.0, 1.5, 128, 30]}
{"number": 1, "last": null, "evaluated": 128, "generated": 0}
""".strip()
    assert decodes_in(lines) == [Decode(1.0, 1.5, 128, 30)]
    assert work_in(lines) == [Work(1.0, None, False, 128, 0)]
