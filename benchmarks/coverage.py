"""Does the model see the names that it is to write, in code that parses?

`python -m benchmarks.coverage` takes the gaps of `benchmarks.masked` and counts which of their
names stand in what is shown: chosen by syntax, in a plain window of the same budget, with a quarter
of it for other files, and in the whole file, which bounds what any choice of its code can give; and
how often what is shown is Python once the gap is filled. No model is asked; its tokenizer counts.
"""

import builtins
import io
import keyword
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import masked_tasks, table
from benchmarks.masked import plain_window
from benchmarks.masked_tasks import PACKAGES, SETS, Masked, parsed
from benchmarks.typing.versus import token_counter
from lsp_server.completion.others import others_at
from lsp_server.config import Config, Files
from lsp_server.context.budget import Count
from lsp_server.context.related.index import RelatedIndex
from lsp_server.context.trim import Window, infill_window
from lsp_server.documents import DocumentSnapshot
from lsp_server.models.store import locate

_WORD = re.compile(r"[^\W\d]\w*")
# What every model knows without being shown it.
_FILES_SHARE = 4
_KNOWN = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls"}

Way = Callable[[DocumentSnapshot, int], Window]


@click.command()
@click.option("--budgets", default="880,1900,3900", show_default=True, help="Tokens shown.")
@click.option("--limit", type=click.IntRange(1), default=300, show_default=True, help="Gaps.")
@click.option("--set", "chosen_set", type=click.Choice(SETS), default=SETS[1], show_default=True)
@click.option("--model", default=Config().models.infill, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(budgets: str, limit: int, chosen_set: str, model: str, json_path: Path | None) -> None:
    """The share of the gaps' names that stand in what is shown."""
    tasks = masked_tasks.tasks(chosen_set, limit)
    count = remembering(token_counter(locate(model)))
    rows = [row for budget in budgets.split(",") for row in _rows(tasks, int(budget), count)]
    rows.append(_row(tasks, "whole file", None, _whole))
    print(table.as_text(rows))
    content = {
        "command": " ".join(["python -m benchmarks.coverage", *sys.argv[1:]]),
        "machine": table.machine(model),
        "set": chosen_set,
        "rows": rows,
    }
    table.write_json(json_path or table.RESULTS / "coverage.json", content)


def names_in(code: str) -> set[str]:
    """The names in a piece of code, without keywords, builtins and what is in strings and
    comments."""
    found = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code.strip()).readline):
            if token.type == tokenize.NAME and len(token.string) > 2:
                found.add(token.string)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass  # a gap may end anywhere: up to here it was read
    return found - _KNOWN


def _rows(tasks: Sequence[Masked], budget: int, count: Count) -> Iterator[dict[str, Any]]:
    related = RelatedIndex([PACKAGES], Files(gitignore=False))
    ways: dict[str, Way] = {
        "plain": lambda snapshot, at: plain_window(snapshot.text, at, budget, count),
        "syntax": lambda snapshot, at: infill_window(snapshot, at, budget, count),
        "syntax+files": lambda snapshot, at: _with_files(related, snapshot, at, budget, count),
    }
    for name, way in ways.items():
        yield _row(tasks, name, budget, way)
    related.close()


def _with_files(
    related: RelatedIndex, snapshot: DocumentSnapshot, at: int, budget: int, count: Count
) -> Window:
    related.note_open(snapshot)
    related.chunks_for(snapshot, at)
    related.wait(snapshot.uri)
    others = others_at(related, snapshot, at, budget // _FILES_SHARE, count, apart=True)
    related.note_closed(snapshot.uri)
    window = infill_window(snapshot, at, budget - others.cost, count)
    files = others.repository.files if others.repository else ()
    return Window("\n".join([*(file.text for file in files), window.prefix]), window.suffix)


def _whole(snapshot: DocumentSnapshot, at: int) -> Window:
    return Window(snapshot.text[:at], snapshot.text[at:])


def _row(tasks: Sequence[Masked], name: str, budget: int | None, way: Way) -> dict[str, Any]:
    gaps = all_seen = names = seen = whole = 0
    for task in tasks:
        wanted = names_in(task.wanted)
        if not wanted:
            continue
        window = way(DocumentSnapshot(task.path.as_uri(), 1, "python", task.text), task.offset)
        closers = task.after - task.offset
        whole += parsed(window.prefix + task.wanted + window.suffix[closers:]) is not None
        shown = wanted & set(_WORD.findall(f"{window.prefix}\n{window.suffix}"))
        gaps, all_seen = gaps + 1, all_seen + (shown == wanted)
        names, seen = names + len(wanted), seen + len(shown)
    return {
        "budget": budget,
        "way": name,
        "gaps": gaps,
        "names": names,
        "names shown": seen / names,
        "gaps with all shown": all_seen / gaps,
        "parses": whole / gaps,
    }


def remembering(count_one: Callable[[str], int]) -> Count:
    """The costs of texts, each counted once."""
    known: dict[str, int] = {}

    def count(texts: Sequence[str]) -> list[int]:
        for text in texts:
            if text not in known:
                known[text] = count_one(text)
        return [known[text] for text in texts]

    return count


if __name__ == "__main__":
    main()
