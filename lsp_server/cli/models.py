"""`codellama-lsp models`: which models there are, and having them here."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from tqdm import tqdm

    from lsp_server.models.catalogue import Entry
    from lsp_server.models.gguf import GgufMetadata


@click.group()
def models() -> None:
    """List, fetch and check models."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_models(as_json: bool) -> None:
    """Show the models that have a name."""
    from lsp_server.models.catalogue import catalogue
    from lsp_server.models.store import models_folder

    rows = [_row(entry) for entry in catalogue().models]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    titles = ("NAME", "SIZE", "QUANTISATION", "LICENCE", "ROLES", "HERE")
    _table([titles, *[_cells(row) for row in rows]])
    click.echo(f"\nFiles lie in {models_folder()}. Fetch one: codellama-lsp models pull NAME")


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def pull(names: tuple[str, ...]) -> None:
    """Fetch models; goes on where an interrupted pull stopped."""
    from lsp_server.models.catalogue import catalogue
    from lsp_server.models.store import is_here, path_of
    from lsp_server.models.store import pull as pull_model

    entries = [catalogue().find(name) for name in names]
    for entry in entries:
        if is_here(entry):
            click.echo(f"{entry.name} is here: {path_of(entry)}")
            continue
        _show_licence(entry)
        try:
            with BarProgress(entry.name) as progress:
                path = pull_model(entry, progress)
        except KeyboardInterrupt:
            click.echo("Stopped. The same command goes on from here.", err=True)
            raise
        click.echo(f"{entry.name} is here: {path}")


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
def verify(names: tuple[str, ...]) -> None:
    """Compare models that are here with their digests, every byte; by default all of them."""
    from lsp_server.errors import ModelError
    from lsp_server.models.catalogue import catalogue
    from lsp_server.models.store import path_of
    from lsp_server.models.store import verify as verify_model

    entries = [catalogue().find(name) for name in names] or [
        entry for entry in catalogue().models if path_of(entry).exists()
    ]
    if not entries:
        click.echo("No models are here yet. `codellama-lsp models list` shows what there is.")
    failures = []
    for entry in entries:
        try:
            click.echo(f"{entry.name}: whole, sha256 {verify_model(entry)}")
        except ModelError as error:
            failures.append(error)
    for failure in failures[:-1]:
        click.echo(str(failure), err=True)
    if failures:
        raise failures[-1]


@models.command()
@click.argument("model", metavar="FILE|NAME")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def info(model: str, as_json: bool) -> None:
    """Show what a model file is and can do."""
    from lsp_server.models.gguf import read_gguf
    from lsp_server.models.store import locate

    path = locate(model)
    facts = _facts(path, read_gguf(path))
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    _table([(f"{title}:", text) for title, text in _in_words(facts).items() if text])


class BarProgress:
    """A bar on a terminal; where standard error is a file or a pipe, only the lines."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def at(self, done: int, total: int | None) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                desc=self._title, total=total, initial=done, unit="B", unit_scale=True, leave=False
            )
        self._bar.update(done - self._bar.n)

    def say(self, line: str) -> None:
        self._close()  # so that the line does not break into the bar
        click.echo(line, err=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _row(entry: "Entry") -> dict[str, Any]:
    from lsp_server.models.store import is_here, path_of

    here = is_here(entry)
    return {
        "name": entry.name,
        "family": entry.family,
        "parameters": entry.parameters,
        "bytes": entry.about_bytes,
        "bytes_exact": entry.size is not None,
        "quantisation": entry.quantisation,
        "licence": entry.licence,
        "roles": list(entry.roles),
        "here": here,
        "path": str(path_of(entry)) if here else None,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["name"],
        _size(row["bytes"]),
        row["quantisation"],
        row["licence"],
        ", ".join(row["roles"]),
        "yes" if row["here"] else "no",
    )


def _size(size: int) -> str:
    """In the units that hubs use."""
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _show_licence(entry: "Entry") -> None:
    from lsp_server.models.catalogue import catalogue

    page = catalogue().licences[entry.licence]
    click.echo(f"{entry.family} is under the {entry.licence}: {page}", err=True)
    if entry.licence != "Apache-2.0":
        free = [other.name for other in catalogue().models if other.licence == "Apache-2.0"]
        click.echo(f"By fetching it you accept that. Under Apache-2.0: {', '.join(free)}", err=True)


def _facts(path: Path, metadata: "GgufMetadata") -> dict[str, Any]:
    from lsp_server.models.capabilities import capabilities
    from lsp_server.models.filename import bits, parse_file_name, quality

    name = parse_file_name(path)
    quantisation = metadata.quantisation or name.quantisation
    return {
        "path": str(path),
        "bytes": path.stat().st_size,
        "title": metadata.name,
        "family": name.family,
        "parameters": name.parameters,
        "variant": name.variant,
        "architecture": metadata.architecture,
        "quantisation": quantisation,
        "bits": bits(quantisation),
        "quality": quality(quantisation),
        "n_layer": metadata.n_layer,
        "n_ctx_train": metadata.n_ctx_train,
        "n_vocab": metadata.n_vocab,
        "kv_bytes_per_token": metadata.kv_bytes_per_token(),
        "can": asdict(capabilities(metadata, name)),
    }


def _in_words(facts: dict[str, Any]) -> dict[str, str]:
    can = facts["can"]
    no_infill = f"no ({can['why_no_infill']})"
    quantised = f"{facts['quantisation']}, {facts['bits']} bits" if facts["quantisation"] else ""
    return {
        "File": facts["path"],
        "Size": _size(facts["bytes"]),
        "Title": facts["title"],
        "Family": facts["family"],
        "Parameters": facts["parameters"],
        "Variant": facts["variant"],
        "Architecture": facts["architecture"],
        "Quantisation": f"{quantised}: {facts['quality']}".rstrip(": "),
        "Layers": str(facts["n_layer"]),
        "Context": f"{facts['n_ctx_train']} tokens",
        "Vocabulary": f"{facts['n_vocab']} tokens",
        "KV cache": f"{facts['kv_bytes_per_token'] / 1024:g} KiB a token (f16)",
        "Infills": "yes" if can["infill"] else no_infill,
        "Instructs": "yes" if can["instruct"] else "no (it has no chat template)",
    }
