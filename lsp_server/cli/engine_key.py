"""codellama-lsp engine key: the key of a server elsewhere, in the system's keyring."""

import click


@click.command()
@click.option("--remove", is_flag=True, help="Forget it.")
def key(remove: bool) -> None:
    """Store the key of the server at engine.url in this system's keyring.

    It is asked for without being shown, or read from standard input where that is no terminal. The
    environment variable CODELLAMA_API_KEY goes before it.
    """
    import sys

    from lsp_server.cli.engine_session import user_config
    from lsp_server.engine.remote.connect import url_of
    from lsp_server.engine.remote.key import remove_key, store_key
    from lsp_server.errors import ConfigError

    settings = user_config().engine
    if not settings.elsewhere:
        raise ConfigError(
            f"engine.kind is {settings.kind}, which needs no key.",
            "Set engine.kind and engine.url first.",
        )
    url = url_of(settings)
    if remove:
        click.echo("Forgotten." if remove_key(url) else f"There is no key for {url}.")
        return
    if sys.stdin.isatty():
        value = click.prompt(f"Key for {url}", hide_input=True)
    else:
        value = sys.stdin.readline()
    if not value.strip():
        raise click.UsageError("The key is empty.")
    store_key(url, value.strip())
    click.echo(f"Stored the key for {url}.")
