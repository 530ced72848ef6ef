"""Findings and sections of the report."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "note", "wrong"]
_MARKS = {"ok": " ", "note": "·", "wrong": "✗"}
_WIDTH = 100


@dataclass(frozen=True)
class Finding:
    """One line: `wrong` is something that won't work, a `note` something worth knowing. `hint`
    says what to do about it, a line for each command."""

    label: str
    text: str
    state: State = "ok"
    hint: str = ""


@dataclass(frozen=True)
class Section:
    """`data` is what JSON has beside the findings: numbers, without rounding."""

    key: str
    title: str
    findings: tuple[Finding, ...]
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return any(finding.state == "wrong" for finding in self.findings)

    def lines(self) -> Iterator[str]:
        yield self.title
        width = max((len(finding.label) for finding in self.findings), default=0)
        for finding in self.findings:
            head = f"{_MARKS[finding.state]} {finding.label.ljust(width)}  "
            yield from textwrap.wrap(
                finding.text,
                _WIDTH,
                initial_indent=head,
                subsequent_indent=" " * len(head),
                break_long_words=False,
                break_on_hyphens=False,
            ) or [head.rstrip()]
            for line in finding.hint.splitlines():
                yield " " * len(head) + line

    def as_json(self) -> dict[str, Any]:
        found = [
            {"label": one.label, "text": one.text, "state": one.state, "hint": one.hint}
            for one in self.findings
        ]
        return {"findings": found, **self.data}


def gib(size: float) -> str:
    return f"{size / 2**30:.2f} GiB"
