"""`codellama-lsp models`: which models there are, having them here, and using one."""

import json

import click


@click.group()
def models() -> None:
    """Find, fetch, check and choose models.

    \b
    NAME is one of
      codellama-7b                   a name of `models list`
      hf:OWNER/REPOSITORY/FILE.gguf  a file on the Hugging Face hub (or HF_ENDPOINT)
      ollama:codellama:7b-code       a model that Ollama has on this machine
      ~/models/some.gguf             a file
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_models(as_json: bool) -> None:
    """Show the models that have a name, and whether they fit this machine.

    MEMORY is what the settings in force need: weights, KV cache and compute buffers.
    """
    from lsp_server.cli.models_table import TITLES, all_rows, cells_of
    from lsp_server.cli.table import table
    from lsp_server.cli.this_machine import config_or_default, this_machine
    from lsp_server.models.store import models_folder

    rows = all_rows(this_machine(), config_or_default().engine)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table([TITLES, *map(cells_of, rows)])
    click.echo(f"\nFiles lie in {models_folder()}. Fetch one: codellama-lsp models pull NAME")


@models.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option("--limit", default=10, show_default=True, help="Repositories at most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def search(words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search the hub for GGUF files; OWNER/REPOSITORY lists the files of one."""
    from dataclasses import asdict

    from lsp_server.cli.models_search import show_files, show_repositories
    from lsp_server.models import hub_api

    query = " ".join(words)
    one = query.count("/") == 1 and " " not in query
    found = [hub_api.repository(query)] if one else hub_api.search(query, limit)
    if as_json:
        click.echo(json.dumps([asdict(repository) for repository in found], indent=2))
    elif one:
        show_files(found[0])
    else:
        show_repositories(found, query)


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--accept-licence", is_flag=True, help="You have read the licences and accept them.")
def pull(names: tuple[str, ...], accept_licence: bool) -> None:
    """Fetch models, several at once; goes on where an interrupted pull stopped.

    A file, or a model of Ollama, is used where it lies.
    """
    from lsp_server.cli.models_pull import InPlace, pull_all, what_is_meant

    meant = list(dict.fromkeys(what_is_meant(name) for name in names))
    for one in meant:
        if isinstance(one, InPlace):
            click.echo(f"{one.name} is here, and used where it lies: {one.path}")
    pull_all([one for one in meant if not isinstance(one, InPlace)], accept_licence)


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
def verify(names: tuple[str, ...]) -> None:
    """Compare models that are here with their digests, every byte; by default all of them."""
    from lsp_server.errors import ModelError
    from lsp_server.models import store
    from lsp_server.models.catalogue import catalogue

    every = (*catalogue().models, *store.pulled_from_hub())
    wanted = names or [entry.name for entry in every if store.path_of(entry).exists()]
    if not wanted:
        click.echo("No models are here yet. `codellama-lsp models list` shows what there is.")
    failures = []
    for name in wanted:
        try:
            click.echo(f"{name}: whole, sha256 {store.verify_named(name)}")
        except ModelError as error:
            failures.append(error)
    for failure in failures[:-1]:
        click.echo(str(failure), err=True)
    if failures:
        raise failures[-1]


@models.command()
@click.argument("model", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def info(model: str, as_json: bool) -> None:
    """Show what a model is and can do; of one that isn't here, what is known of it."""
    from lsp_server.cli.models_table import facts, facts_in_words, not_here, not_here_in_words
    from lsp_server.cli.table import table
    from lsp_server.cli.this_machine import config_or_default, this_machine
    from lsp_server.models import store
    from lsp_server.models.gguf import read_gguf

    entry = store.entry_named(model)
    if entry is None or store.is_here(entry):
        path = store.locate(model)
        found = facts(path, read_gguf(path))
        lines = facts_in_words(found)
    else:
        found = not_here(entry, this_machine(), config_or_default().engine)
        lines = not_here_in_words(found)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table([(f"{title}:", text) for title, text in lines if text])


@models.command()
@click.argument("name")
@click.option(
    "--for",
    "role",
    type=click.Choice(["infill", "instruct", "both"]),
    help="Completions, code actions, or both; by default whatever the model can do.",
)
def use(name: str, role: str | None) -> None:
    """Write a model that is here into your settings; the rest of the file stays as it is."""
    from lsp_server.cli.models_use import roles_for, setting_of
    from lsp_server.config_edit import change_file
    from lsp_server.config_sources import user_config_path

    roles = roles_for(name, role)
    path = user_config_path()
    change_file(path, {("models", one): setting_of(name) for one in roles})
    for one in roles:
        click.echo(f"models.{one}: {setting_of(name)}")
    click.echo(f"Written to {path}. Servers that are running take it when they start again.")


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Delete models that were fetched; files of your own and Ollama's are left alone."""
    from lsp_server.cli.models_table import in_bytes
    from lsp_server.cli.models_use import removable, still_used
    from lsp_server.models import store

    for entry in [removable(name) for name in names]:
        freed = store.remove(entry)
        click.echo(f"{entry.name} is gone; {in_bytes(freed)} are free again.")
        for setting in still_used(entry):
            click.echo(f"Your settings still name it: {setting}.", err=True)
