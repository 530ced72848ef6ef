"""codellama-lsp stats: what became of suggestions."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lsp_server.statistics.store import Row

_OUTCOMES = ("accepted", "partly accepted", "typed out", "typed over", "dismissed")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--reset", is_flag=True, help="Forget all counts.")
def stats(as_json: bool, reset: bool) -> None:
    """What became of suggestions, by language and by what asked for them.

    Counted on this machine and never sent anywhere; completion.statistics turns it off. A
    suggestion is typed out where the same was typed by hand, typed over where something else was,
    and dismissed where the cursor went elsewhere.
    """
    import json
    import sqlite3

    from lsp_server.cli.table import table
    from lsp_server.errors import CodeLlamaError
    from lsp_server.statistics import store

    try:
        if reset:
            store.reset()
            click.echo("All counts are forgotten.", err=True)
            return
        since, rows = store.read()
    except (sqlite3.Error, OSError) as error:
        raise CodeLlamaError(
            f"The counts can't be read: {error}.", f"Their file is {store.statistics_path()}."
        ) from error
    found = _table(rows)
    if as_json:
        click.echo(json.dumps({"since": since, "rows": found}, indent=1))
    elif not found:
        click.echo("Nothing was suggested yet.")
    else:
        click.echo(f"Since {since}, on this machine alone:\n")
        titles = ("language", "trigger", "shown", *_OUTCOMES)
        table([tuple(map(str.upper, titles)), *map(_cells, found)])


def _table(rows: "list[Row]") -> list[dict[str, Any]]:
    """A line for each language and trigger, the most shown first, and one for all."""
    lines: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        for key in ((row.language, row.trigger), ("all", "all")):
            line = lines.setdefault(key, dict.fromkeys(("shown", *_OUTCOMES), 0))
            line[row.outcome] = line.get(row.outcome, 0) + row.count
    together = lines.pop(("all", "all"), None)
    ordered = sorted(lines.items(), key=lambda entry: -entry[1]["shown"])
    if together and len(ordered) > 1:
        ordered.append((("all", "all"), together))
    return [{"language": key[0], "trigger": key[1], **counts} for key, counts in ordered]


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    return (
        line["language"],
        line["trigger"],
        str(line["shown"]),
        *(_share(line, o) for o in _OUTCOMES),
    )


def _share(line: dict[str, Any], outcome: str) -> str:
    if not line[outcome] or not line["shown"]:
        return str(line[outcome])
    return f"{line[outcome]} ({100 * line[outcome] / line['shown']:.0f} %)"
