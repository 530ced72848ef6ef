"""Rows of texts in columns."""

from collections.abc import Iterable

import click


def table(rows: Iterable[tuple[str, ...]]) -> None:
    """Print them, each column as wide as its widest cell."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
