"""codellama-lsp serve: the language server."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_server.compiled import compiled_once

if TYPE_CHECKING:
    from lsp_server.server import CodeLlamaServer


@click.command()
@click.option("--tcp", metavar="[HOST:]PORT", help="Listen on TCP instead of standard input.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="A settings file.")
@click.option("--log-file", type=click.Path(path_type=Path), help="Instead of the usual log file.")
@click.option("--stdio", is_flag=True, help="Standard input and output (the default).")
@click.option("--double", type=click.Path(path_type=Path, exists=True), hidden=True)
def serve(
    tcp: str | None,
    config_file: Path | None,
    log_file: Path | None,
    stdio: bool,
    double: Path | None,
) -> None:
    """Start the language server; your editor does this.

    It speaks LSP over standard input and output. Other programs on this machine can reach what
    listens with --tcp, so that is for debugging.
    """
    from lsp_server.crash import watch
    from lsp_server.log import start_logging

    # Importing the protocol makes a hundred thousand objects that all stay: nothing to collect.
    gc.disable()
    with compiled_once():
        start_logging("warning", "serve", log_file)
        watch("serve")
        server = _server(config_file, double)
    gc.enable()
    gc.freeze()
    if tcp:
        server.start_tcp(*_host_and_port(tcp))
    else:
        server.start_io()


def _server(config_file: Path | None, double: Path | None) -> "CodeLlamaServer":
    from lsp_server.config import Config
    from lsp_server.config_sources import Source, read_file, user_config_path
    from lsp_server.engine.make import make_engine
    from lsp_server.engine.protocol import Engine
    from lsp_server.errors import ConfigError
    from lsp_server.server import create_server

    def engine_of(config: Config) -> Engine:
        if double and config.engine.kind == "in-process":
            from lsp_server.engine.double import ScriptedEngine

            return ScriptedEngine.from_file(double)
        if double:
            from lsp_server.engine.shared.engine import SharedEngine

            return SharedEngine(config, ("--double", str(double)))
        return make_engine(config)

    try:
        settings, unreadable = read_file(config_file or user_config_path()), None
    except ConfigError as error:
        settings, unreadable = Source("defaults", {}), error
    return create_server(settings, engine_of, unreadable)


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise click.BadParameter(f"{address!r} is not [HOST:]PORT, such as 2087.")
    return host or "127.0.0.1", int(port)
