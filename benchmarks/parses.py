"""Is what the model is shown of a long file code that parses, in any language?

`python -m benchmarks.parses FOLDER` takes the gaps of `benchmarks.endings` from long files of the
sources in a folder, and cursors within lines that open something (`head`), where nothing is
missing. It fills the gap in what is shown and counts syntax errors, beside a plain window of the
same budget. Files that have errors themselves are left out. No model is asked; its tokenizer
counts.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from benchmarks import table
from benchmarks.coverage import remembering
from benchmarks.endings import HEAD, KINDS, gaps
from benchmarks.masked import plain_window
from benchmarks.masked_tasks import Masked
from benchmarks.typing.versus import token_counter
from lsp_server.config import Config
from lsp_server.context.budget import Count
from lsp_server.context.languages import LANGUAGES, Language
from lsp_server.context.syntax import parse_text
from lsp_server.context.trim import Window, infill_window
from lsp_server.documents import DocumentSnapshot
from lsp_server.models.store import locate

_SIZES = range(14_000, 300_000)
# A window with more of the file than this is hardly chosen.
_MOST = 0.95


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--languages", help="Their names, by commas. [default: all that the folder has]")
@click.option("--limit", type=click.IntRange(1), default=60, show_default=True, help="A language.")
@click.option("--budget", default=880, show_default=True, help="Tokens shown.")
@click.option("--seed", default=1, show_default=True, help="Another one takes other gaps.")
@click.option("--show", is_flag=True, help="Print what does not parse.")
@click.option("--model", default=Config().models.infill, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(
    folder: Path,
    languages: str | None,
    limit: int,
    budget: int,
    seed: int,
    show: bool,
    model: str,
    json_path: Path | None,
) -> None:
    """The share of windows that parse, by language."""
    count = remembering(token_counter(locate(model)))
    chosen = [one for one in LANGUAGES if not languages or one.name in languages.split(",")]
    rows = [
        row for one in chosen if (row := _row(folder, one, limit, budget, seed, count, show))["n"]
    ]
    if not rows:
        raise click.ClickException(f"{folder} has no long sources in these languages.")
    total = {
        key: sum(row[key] for row in rows)
        for key in ("n", "parse", "heads", "heads parse", "plain")
    }
    rows.append({"language": "all", **total})
    print(table.as_text(rows))
    content = {
        "sources": sorted(path.name for path in folder.iterdir()),
        "options": {"languages": languages, "limit": limit, "budget": budget, "seed": seed},
        "rows": rows,
    }
    table.write_json(json_path or table.RESULTS / "parses.json", content)


def _row(
    folder: Path,
    language: Language,
    limit: int,
    budget: int,
    seed: int,
    count: Count,
    show: bool,
) -> dict[str, Any]:
    """`heads` are those with the cursor in a line that opens something, which are among all."""
    found = Counter({"n": 0, "parse": 0, "heads": 0, "heads parse": 0, "plain": 0})
    kinds = [*KINDS, HEAD]
    for gap in gaps(folder, language, 3 * limit, kinds=kinds, sizes=_SIZES, seed=seed):
        if found["n"] == limit:
            break
        if parse_text(language, gap.original).error_count():
            continue
        snapshot = DocumentSnapshot(gap.path.as_uri(), 1, language.ids[0], gap.text)
        window = infill_window(snapshot, gap.offset, budget, count)
        if len(window.prefix + window.suffix) > _MOST * len(gap.text):
            continue
        code = _filled(gap, window)
        parses = not parse_text(language, code).error_count()
        plain = _filled(gap, plain_window(gap.text, gap.offset, budget, count))
        found["n"] += 1
        found["parse"] += parses
        found["heads"] += gap.kind == HEAD
        found["heads parse"] += parses and gap.kind == HEAD
        found["plain"] += not parse_text(language, plain).error_count()
        if show and not parses:
            line = gap.text.count("\n", 0, gap.offset) + 1
            print(f"=== {language.name}: {gap.kind} in {gap.path.name}:{line}\n{code}")
    return {"language": language.name, **found}


def _filled(gap: Masked, window: Window) -> str:
    return window.prefix + gap.wanted + window.suffix[gap.after - gap.offset :]


if __name__ == "__main__":
    main()
