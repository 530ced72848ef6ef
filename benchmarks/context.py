"""What a key costs before the model is asked: the change taken in, and the code chosen to show.

`python -m benchmarks.context` types lines of code into files of 1,000, 10,000 and 100,000 lines,
made of the installed packages' sources, and prints what each key took.
"""

import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import pygls
from lsprotocol import types

from benchmarks import table
from lsp_server.context.budget import Count
from lsp_server.context.scope import shape_at
from lsp_server.context.trim import infill_window
from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot, DocumentStore, Edit

URI = "file:///benchmark.py"
TYPED = "\n    found = sorted(items, key=len)\n    for item in found:\n        total += item['a']"
PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
_TOKEN = re.compile(r"\w{1,6}|[^\S\r\n]+|\r\n|[^\w]")


@click.command()
@click.option("--lines", default="1000,10000,100000", show_default=True)
@click.option("--budget", default=4096, show_default=True, help="Tokens of code shown.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(lines: str, budget: int, json_path: Path | None) -> None:
    """Milliseconds a key, typed at several places of large files."""
    rows = [row for size in lines.split(",") for row in _measured(int(size), budget)]
    print(table.as_text(rows))
    content = {
        "command": " ".join(["python -m benchmarks.context", *sys.argv[1:]]),
        "cpu": table._cpu_model(),
        "budget": budget,
        "rows": rows,
    }
    table.write_json(json_path or table.RESULTS / "context.json", content)


def _measured(size: int, budget: int) -> list[dict[str, Any]]:
    typist = Typist(_source(size), budget)
    typist.key(len(typist.snapshot.text) // 2, "")
    first = typist.times.pop()
    for place in PLACES:
        text = typist.snapshot.text
        offset = text.index("\n", int(len(text) * place))
        for n, character in enumerate(TYPED):
            typist.key(offset + n, character)
    stages = {
        name: sorted(1000 * times[name] for times in typist.times) for name in typist.times[0]
    }
    return [
        {
            "lines": size,
            "of": name,
            "first ms": 1000 * first[name],
            "p50 ms": _quantile(values, 0.5),
            "p95 ms": _quantile(values, 0.95),
            "max ms": values[-1],
        }
        for name, values in stages.items()
    ]


class Typist:
    """Types into one document as an editor does, and takes the time of what follows each key."""

    def __init__(self, text: str, budget: int) -> None:
        self.store = DocumentStore()
        self.store.open(DocumentSnapshot(URI, 1, "python", text))
        self.times: list[dict[str, float]] = []
        self._budget = budget
        self._count = _kept_counts()

    @property
    def snapshot(self) -> DocumentSnapshot:
        snapshot = self.store.get(URI)
        assert snapshot
        return snapshot

    def key(self, offset: int, text: str) -> None:
        at = Positions().position(self.snapshot, offset)
        times: dict[str, float] = {}
        snapshot = _timed(times, "change", lambda: self._changed(at, text))
        offset += len(text)
        _timed(times, "one line or more", lambda: shape_at(snapshot, offset))
        _timed(times, "window", lambda: infill_window(snapshot, offset, self._budget, self._count))
        times["together"] = sum(times.values())
        self.times.append(times)

    def _changed(self, at: types.Position, text: str) -> DocumentSnapshot:
        """As textDocument/didChange and the request's position are handled."""
        start = Positions().offset(self.snapshot, at)
        self.store.edit(URI, self.snapshot.version + 1, Edit(start, start, text))
        Positions().offset(self.snapshot, at)
        return self.snapshot


def _timed(times: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    # The thread's own time: another program's, on a busy machine, is not counted.
    started = time.thread_time()
    result = work()
    times[name] = time.thread_time() - started
    return result


def _kept_counts() -> Count:
    """A stand-in for a tokenizer that keeps its counts, as completions keep the model's."""
    kept: dict[str, int] = {}

    def count(texts: Sequence[str]) -> list[int]:
        for text in texts:
            if text not in kept:
                kept[text] = len(_TOKEN.findall(text))
        return [kept[text] for text in texts]

    return count


def _source(lines: int) -> str:
    """So many lines of the installed packages' own sources, the same for the same packages."""
    packages = Path(pygls.__file__).parents[1]
    files = sorted(p for p in packages.rglob("*.py") if "tests" not in p.parts)
    random.Random(1).shuffle(files)
    found: list[str] = []
    for path in files:
        found += path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if len(found) >= lines:
            return "".join(found[:lines])
    raise click.ClickException(f"The installed packages have only {len(found)} lines.")


def _quantile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
