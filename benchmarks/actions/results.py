"""What became of each case, kept as JSON so that a long run can go on where it stopped."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from benchmarks.actions.asking import Outcome

Became = Literal["repaired", "changed", "refused", "misplaced", "lost"]


@dataclass(frozen=True)
class Case:
    """One case: repaired, changed (a clean edit that does not pass), refused (with the reason that
    was `told`), misplaced (an edit outside its place), lost (neither edit nor reason)."""

    name: str
    became: Became
    tries: int
    seconds: float
    told: str


def judged(
    name: str, outcome: Outcome, is_misplaced: Callable[[str], bool], passes: Callable[[str], bool]
) -> Case:
    return Case(
        name,
        _became(outcome, is_misplaced, passes),
        outcome.tries,
        round(outcome.ms / 1000, 1),
        # of a page no more than that there was one: its path is this machine's
        "a page" if outcome.told.startswith("file:") else outcome.told,
    )


def _became(
    outcome: Outcome, is_misplaced: Callable[[str], bool], passes: Callable[[str], bool]
) -> Became:
    if outcome.text is None:
        return "refused" if outcome.told else "lost"
    if is_misplaced(outcome.text):
        return "misplaced"
    return "repaired" if passes(outcome.text) else "changed"


def row(kind: str, cases: Sequence[Case]) -> dict[str, Any]:
    """One line of the table."""
    n = len(cases)
    return {
        "action": kind,
        "n": n,
        "right": _count(cases, "repaired") / n,
        "edited, not right": _count(cases, "changed"),
        "refused": _count(cases, "refused"),
        "misplaced": _count(cases, "misplaced"),
        "neither": _count(cases, "lost"),
        "tried again": sum(case.tries > 1 for case in cases),
        "median s": round(median(case.seconds for case in cases), 1),
    }


def _count(cases: Sequence[Case], became: Became) -> int:
    return sum(case.became == became for case in cases)


def read(path: Path) -> dict[str, list[Case]]:
    """The cases of a run that is to go on; none where there is no file."""
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return {kind: [Case(**case) for case in cases] for kind, cases in kept.items()}


def as_json(found: dict[str, list[Case]]) -> dict[str, list[dict[str, Any]]]:
    return {kind: [asdict(case) for case in cases] for kind, cases in found.items()}


def commit() -> str:
    """The commit that is measured, with a + where files differ from it; "" without git."""
    try:
        described = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        done = subprocess.run(described, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
