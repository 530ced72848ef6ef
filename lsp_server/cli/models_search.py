"""What a search of the hub found, as tables."""

import click

from lsp_server.cli.models_table import in_bytes, in_words
from lsp_server.cli.table import table
from lsp_server.models.filename import parse_file_name
from lsp_server.models.hub_api import HubRepository
from lsp_server.models.reference import PREFIX


def show_repositories(found: list[HubRepository], query: str) -> None:
    if not found:
        click.echo(f"The hub has no GGUF files for {query!r}.")
        return
    rows = [("REPOSITORY", "DOWNLOADS", "LICENCE", "QUANTISATIONS")]
    rows += [
        (one.name, f"{one.downloads:,}", _licence(one), ", ".join(_quantisations(one)))
        for one in found
    ]
    table(rows)
    click.echo("\nThe files of one: codellama-lsp models search OWNER/REPOSITORY")


def show_files(repository: HubRepository) -> None:
    if not repository.files:
        click.echo(f"{repository.name} has no GGUF files.")
        return
    click.echo(f"{repository.name}: licence {_licence(repository) or 'not stated'}\n")
    rows = [("NAME", "SIZE", "QUANTISATION")]
    for file in repository.files:
        name = f"{PREFIX}{repository.name}/{file.path}"
        size = in_bytes(file.size) if file.size is not None else ""
        rows.append((name, size, in_words(parse_file_name(file.path).quantisation)))
    table(rows)
    click.echo("\nFetch one: codellama-lsp models pull NAME")


def _licence(repository: HubRepository) -> str:
    gated = "asks for consent" if repository.gated else ""
    return ", ".join(filter(None, (repository.licence, gated)))


def _quantisations(repository: HubRepository) -> list[str]:
    named = (parse_file_name(file.path).quantisation for file in repository.files)
    return sorted(set(filter(None, named)))
