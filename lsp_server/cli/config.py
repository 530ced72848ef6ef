"""codellama-lsp config: the settings in force."""

from pathlib import Path

import click


@click.group()
def config() -> None:
    """Show the settings."""


@config.command()
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="A settings file.")
def show(config_file: Path | None) -> None:
    """Print every setting in force and, where it isn't the default, where it was set."""
    from lsp_server.config_example import render_config
    from lsp_server.config_sources import merge, provenance, read_file, user_config_path

    path = config_file or user_config_path()
    source = read_file(path)
    found = "" if path.exists() else " (there is none: all defaults)"
    click.echo(f"# settings file: {path}{found}")
    click.echo(render_config(merge(source), provenance(source)), nl=False)
