"""A replay in figures."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.typing.replay import Answered, Kind
from benchmarks.typing.work import Work, asked

Row = dict[str, Any]
CountTokens = Callable[[str], int]


def summary(answered: Sequence[Answered], work: Sequence[Work], count: CountTokens) -> Row:
    """The figures of one way, by name. `count` counts a text's tokens."""
    is_asked = [
        key.asked if key.asked is not None else asked(work, key.started, key.ended)
        for key in answered
    ]
    engine = [key for key, one in zip(answered, is_asked, strict=True) if one]
    cached = [key for key, one in zip(answered, is_asked, strict=True) if not one]
    on_line = [key for key in answered if key.kind is Kind.ON_LINE]
    evaluated = [_evaluated(work, key) for key in on_line]
    generated = sum(one.generated for one in work)
    used = sum(count(text) for text in _newly_shown(answered))
    keys = len(answered)
    return {
        "keys": keys,
        "mean over all keys, ms": mean(key.ms for key in answered),
        "keys that the engine answers, p50 ms": quantile([key.ms for key in engine], 0.5),
        "keys that the engine answers, p95 ms": quantile([key.ms for key in engine], 0.95),
        "first key after a jump, p50 ms": _p50(answered, Kind.FIRST),
        "first key after a jump, max ms": quantile(_ms(answered, Kind.FIRST), 1.0),
        "after a newline, p50 ms": _p50(answered, Kind.NEWLINE),
        "after an accept, p50 ms": _p50(answered, Kind.ACCEPT),
        "answered from cache, share": len(cached) / keys,
        "answers from cache, p95 ms": quantile([key.ms for key in cached], 0.95),
        "suggestions shown": sum(key.shown is not None for key in answered),
        "tokens evaluated a key on a line": mean(evaluated),
        "the same, where the engine was asked": mean(n for n in evaluated if n),
        "tokens evaluated a key, all work": sum(one.evaluated for one in work) / keys,
        "tokens generated a key": generated / keys,
        "of them thrown away": max(0, generated - used) / keys,
    }


def side_by_side(
    title: str,
    ours: Row,
    theirs: Row | None,
    names: tuple[str, str] = ("this server", "llama.vim's way"),
) -> list[Row]:
    """The figures as rows of a table, beside the other's where there are any."""
    return [
        {
            title: figure,
            names[0]: value,
            names[1]: theirs and theirs[figure],
            "ratio": _ratio(value, theirs and theirs[figure]),
        }
        for figure, value in ours.items()
    ]


def quantile(values: Iterable[float], q: float) -> float | None:
    """The value below which the part q of them lies; None where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * q))] if ordered else None


def mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return statistics.fmean(listed) if listed else None


def _p50(answered: Sequence[Answered], kind: Kind) -> float | None:
    return quantile(_ms(answered, kind), 0.5)


def _ms(answered: Sequence[Answered], kind: Kind) -> list[float]:
    return [key.ms for key in answered if key.kind is kind]


def _evaluated(work: Sequence[Work], key: Answered) -> int:
    """Tokens evaluated for a key, up to the next event, idle time's work not counted."""
    mine = (one for one in work if key.started <= one.begun < key.until and not one.idle)
    return sum(one.evaluated for one in mine)


def _newly_shown(answered: Sequence[Answered]) -> list[str]:
    """The suggestions, without those that are the rest of the one before."""
    new, before = [], ""
    for key in answered:
        text = key.shown.text if key.shown else ""
        if text and not before.endswith(text):
            new.append(text)
        before = text
    return new


def _ratio(ours: Any, theirs: Any) -> float | None:
    both = isinstance(ours, int | float) and isinstance(theirs, int | float)
    return ours / theirs if both and theirs else None
