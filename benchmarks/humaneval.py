"""HumanEval infilling (Bavarian et al. 2022, arXiv:2207.14255), from data/human-eval-infilling.

The data are OpenAI's under the MIT licence, which stands beside them.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

DATA = Path(__file__).parent / "data" / "human-eval-infilling"
FILES = {
    "single": "HumanEval-SingleLineInfilling.jsonl.gz",
    "span": "HumanEval-RandomSpanInfillingLight.jsonl.gz",
}
NAMES = {"single": "SingleLine", "span": "RandomSpanLight"}

T = TypeVar("T")


@dataclass(frozen=True)
class Task:
    """A function with a gap. `kind` is `single` (a whole line with its end is missing) or `span`
    (any stretch of code is)."""

    kind: str
    id: str
    prompt: str
    suffix: str
    canonical: str
    test: str
    entry_point: str

    @property
    def solution(self) -> str:
        """The function as the data have it."""
        return self.prompt + self.canonical + self.suffix

    def program(self, completed: str) -> str:
        """What runs without an exception where the completed function is right."""
        return f"{completed}\n{self.test}\ncheck({self.entry_point})\n"


def load(kind: str) -> list[Task]:
    """All tasks of a kind, in the data's order."""
    with gzip.open(DATA / FILES[kind], "rt", encoding="utf-8") as lines:
        return [_task(kind, json.loads(line)) for line in lines]


def _task(kind: str, data: dict[str, str]) -> Task:
    return Task(
        kind,
        data["task_id"].partition("/")[2],
        data["prompt"],
        data["suffix"],
        data["canonical_solution"],
        data["test"],
        data["entry_point"],
    )


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` of the items, evenly spread over all; always the same ones."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]
