"""What a suggestion for a gap is worth, measured without the product's own eyes: Python's parser
and a count of brackets by Python's tokenizer."""

import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import mean
from typing import Any

from benchmarks.masked_tasks import Masked, parsed

_OPENER = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Score:
    """`shown` is whether there was a suggestion; the others are of the document with it.

    `broke` is None where the document with the gap did not parse, `misindented` where the cursor
    did not stand at a line's start.
    """

    shown: bool
    exact: bool = False
    similarity: float = 0.0
    parses: bool = False
    broke: bool | None = None
    doubled: bool = False
    misindented: bool | None = None


def score(task: Masked, completed: str | None) -> Score:
    if completed is None:
        return Score(False)
    wanted, got = _lines(task.wanted), _lines(task.middle(completed))
    parses = parsed(completed) is not None
    return Score(
        True,
        exact=wanted == got,
        similarity=SequenceMatcher(None, wanted, got, autojunk=False).ratio(),
        parses=parses,
        broke=not parses if parsed(task.text) is not None else None,
        doubled=_has_surplus_closers(completed, task),
        misindented=_is_misindented(task, completed),
    )


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def _is_misindented(task: Masked, completed: str) -> bool | None:
    line_start = task.text.rfind("\n", 0, task.offset) + 1
    typed = task.text[line_start : task.offset]
    if typed.strip():
        return None
    line = completed[line_start:].partition("\n")[0]
    return line[: len(line) - len(line.lstrip())] != typed


def _has_surplus_closers(completed: str, task: Masked) -> bool:
    """Whether more of some bracket is closed than was opened, in the document up to what was never
    taken out."""
    end = len(completed) - (len(task.text) - task.after)
    counts = _brackets(completed[:end])
    return any(counts[closer] > counts[opener] for closer, opener in _OPENER.items())


def _brackets(code: str) -> Counter[str]:
    """How often each bracket stands in the code, outside of strings and comments."""
    counts: Counter[str] = Counter()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.OP and token.string in "()[]{}":
                counts[token.string] += 1
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass  # up to here it was read
    return counts


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """The row of a table: shares of all tasks, of those shown, and of those where it applies."""
    shown = [one for one in scores if one.shown]
    return {
        "n": len(scores),
        "shown": _share(one.shown for one in scores),
        "exact": _share(one.exact for one in scores),
        "similarity": round(mean(one.similarity for one in scores), 4),
        "parses": _share(one.parses for one in shown),
        "broke": _share(one.broke for one in shown if one.broke is not None),
        "doubled": _share(one.doubled for one in shown),
        "misindented": _share(one.misindented for one in shown if one.misindented is not None),
    }


def _share(values: Iterable[bool]) -> float | None:
    found = list(values)
    return round(sum(found) / len(found), 4) if found else None
