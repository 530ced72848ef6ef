"""The bugs, from bugs/*.yaml, and the files that they stand in.

Those of held-out-*.yaml are for the figures alone: prompts and rules are chosen on the others."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from benchmarks.actions import programs

FOLDER = Path(__file__).parent / "bugs"
LANGUAGES = {"python": ".py", "javascript": ".js"}

_MARK = re.compile(r"«(.*?)¦(.*?)»", re.DOTALL)
# The bug stands between two functions that no fix may touch.
_AROUND = {
    "python": (
        "def above():\n    return 'above'\n\n\n",
        "\n\ndef below():\n    return 'below'\n",
    ),
    "javascript": (
        "function above() {\n  return 'above';\n}\n\n",
        "\nfunction below() {\n  return 'below';\n}\n",
    ),
}


@dataclass(frozen=True)
class Bug:
    """One slip in a small piece of code, and the test that tells whether it is repaired."""

    language: str
    name: str
    slip: str
    marked: str
    message: str
    test: str
    above: str = ""
    """What the code uses and the file defines above it."""

    @property
    def wrong(self) -> str:
        return _MARK.sub(lambda mark: mark[1], self.marked)

    @property
    def right(self) -> str:
        return _MARK.sub(lambda mark: mark[2], self.marked)

    @cached_property
    def around(self) -> tuple[str, str]:
        above, below = _AROUND[self.language]
        return f"{above}{self.above}\n\n" if self.above else above, below

    @property
    def text(self) -> str:
        """The file that is opened."""
        return self.wrong.join(self.around)

    @property
    def span(self) -> tuple[int, int]:
        """The offsets of the code in the file, its last line end left out."""
        start = len(self.around[0])
        return start, start + len(self.wrong.rstrip("\n"))

    @property
    def diagnosed(self) -> tuple[int, int]:
        """The offsets of the first wrong line in the file, as a linter marks it."""
        at = self.marked.index("«")
        start = self.wrong.rfind("\n", 0, at) + 1
        end = self.wrong.find("\n", at)
        line = self.wrong[start : len(self.wrong) if end < 0 else end]
        if not line.strip():  # something is missing there: the line above is to blame
            end = start - 1
            start = self.wrong.rfind("\n", 0, end) + 1
            line = self.wrong[start:end]
        start += len(line) - len(line.lstrip())
        return self.span[0] + start, self.span[0] + start + len(line.strip())

    def is_misplaced(self, text: str) -> bool:
        """Whether an edit touched what it was not asked about."""
        above, below = self.around
        return not (text.startswith(above) and text.endswith(below))

    def passes(self, text: str) -> bool:
        """Whether the file's code does what its test wants."""
        return programs.passes(self.language, text, self.test)


def load(language: str, held_out: bool = False) -> list[Bug]:
    name = f"held-out-{language}" if held_out else language
    cases = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return [
        Bug(
            language,
            case["name"],
            case["slip"],
            case["code"],
            case["message"],
            case["test"],
            case.get("above", ""),
        )
        for case in cases
    ]
