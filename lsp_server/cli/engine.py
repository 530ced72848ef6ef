"""codellama-lsp engine: the resident process that holds the models."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lsp_server.cli.engine_key import key
from lsp_server.config import Config

if TYPE_CHECKING:
    from lsp_server.engine.address import Address
    from lsp_server.engine.shared.http import HttpEngine

T = TypeVar("T")


@click.group()
def engine() -> None:
    """The resident engine: one process with the models for all your editor windows.

    Editors start it by themselves; it leaves `engine.keep_alive` seconds after the last of them.
    """


@engine.command()
@click.option("--settings", type=click.File("rb"), help="Settings as JSON, - for standard input.")
@click.option("--log-file", type=click.Path(path_type=Path), help="Instead of the usual log file.")
@click.option("--detached", is_flag=True, hidden=True, help="Nobody reads standard error.")
@click.option("--double", type=click.Path(path_type=Path, exists=True), hidden=True)
def run(settings: Any, log_file: Path | None, detached: bool, double: Path | None) -> None:
    """Run it here, in the foreground."""
    from lsp_server.cli.engine_session import user_config
    from lsp_server.config_sources import Source, merge
    from lsp_server.crash import tidy, watch
    from lsp_server.engine.address import address_for
    from lsp_server.engine.host.main import run_engine
    from lsp_server.engine.make import make_in_process_engine
    from lsp_server.engine.protocol import Engine
    from lsp_server.log import start_logging

    source = Source("--settings", json.load(settings), own=True) if settings else None
    config = merge(source) if source else user_config()
    start_logging(config.log_level, "engine", log_file, stderr=not detached)
    tidy()
    watch("engine")

    def make_engine(config: Config) -> Engine:
        if double:
            from lsp_server.engine.double import ScriptedEngine

            return ScriptedEngine.from_file(double)
        return make_in_process_engine(config)

    address = address_for(config)
    if not run_engine(config, address, make_engine):
        click.echo(f"An engine already listens at {address.path}.", err=True)


@engine.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status(as_json: bool) -> None:
    """Show the engines that are running: models, clients, memory, and what they have done.

    Times are medians and 99th percentiles of the last thousand requests of a kind.
    """
    found = asyncio.run(_statuses())
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif not found:
        click.echo("No engine is running.")
    for one in [] if as_json else found:
        models = one["models"] or {"infill": "-", "instruct": "-"}
        click.echo(f"engine {one['version']}, process {one['pid']}, {one['state']}")
        token = f", its token in {one['token_file']}" if one["url"] else ""
        click.echo(f"  listens   {one['socket'] or one['url']}{token}")
        click.echo(f"  infill    {models['infill']}")
        click.echo(f"  instruct  {models['instruct']}")
        click.echo(f"  clients   {one['clients']}")
        click.echo(f"  memory    {one['memory'] / 2**20:,.0f} MiB")
        click.echo(f"  running   {one['uptime']} s")
        for title, text in _done(one):
            click.echo(f"  {title:<9} {text}")


@engine.command()
@click.argument("process", type=int, required=False)
def metrics(process: int | None) -> None:
    """Print what a running engine has done, as Prometheus reads it; PROCESS is its number where
    several run.

    Prometheus asks no unix sockets: let a timer write this into a file for its node exporter's
    textfile collector.
    """

    async def ask(address: "Address", engine: "HttpEngine") -> tuple[int, str]:
        return (await engine.status())["pid"], await engine.metrics()

    pages = dict(asyncio.run(_of_each(ask)))
    if process is None and len(pages) > 1:
        raise click.UsageError(f"Several engines run. Name one: {', '.join(map(str, pages))}.")
    if process is not None and process not in pages:
        raise click.UsageError(f"Process {process} is no running engine.")
    for number, page in pages.items():
        if process in (None, number):
            click.echo(page, nl=False)


def _done(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What an engine did, in words."""
    for kind, outcomes in status["served"].items():
        if not any(outcomes.values()):
            continue
        text = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count)
        first, answer = (status["latency"][kind][what] for what in ("first_token", "answer"))
        if first:
            text += f"; first token {_in_ms(first)}"
        if answer:
            text += f", whole answer {_in_ms(answer)}"
        yield kind, text
    queue, cache, tokens = status["queue"], status["cache"], status["tokens"]
    yield "queue", f"{queue['waiting']} waiting, {queue['answering']} answering"
    known = cache["cached_tokens"] + cache["evaluated_tokens"]
    share = f"; {cache['cached_tokens'] / known:.0%} of their tokens" if known else ""
    yield "cache", f"{cache['hits']} hits of {cache['prompts']} prompts{share}"
    yield "tokens", f"{tokens['evaluated']} evaluated, {tokens['generated']} generated"


def _in_ms(quantiles: dict[str, float]) -> str:
    return " / ".join(f"{quantiles[name] * 1000:,.0f}" for name in ("p50", "p99")) + " ms"


engine.add_command(key)


@engine.command()
def stop() -> None:
    """Stop every running engine; editors that still need one start it again."""
    stopped = asyncio.run(_stop_all())
    click.echo(f"Stopped {stopped}." if stopped else "No engine is running.")


async def _statuses() -> list[dict[str, Any]]:
    async def ask(address: "Address", engine: "HttpEngine") -> dict[str, Any]:
        return {**await engine.status(), **_where(address)}

    return await _of_each(ask)


async def _stop_all() -> int:
    async def ask(address: "Address", engine: "HttpEngine") -> None:
        await engine.shutdown()

    return len(await _of_each(ask))


async def _of_each(ask: Callable[["Address", "HttpEngine"], Awaitable[T]]) -> list[T]:
    """The answers of the engines that live."""
    from lsp_server.engine.address import addresses
    from lsp_server.engine.shared.http import HttpEngine
    from lsp_server.errors import EngineGone

    found = []
    for address in addresses():
        with contextlib.suppress(EngineGone):
            engine = HttpEngine(address)
            try:
                found.append(await ask(address, engine))
            finally:
                await engine.close()
    return found


def _where(address: "Address") -> dict[str, str | None]:
    """How other tools reach it. The token itself is shown to nobody."""
    from lsp_server.engine.loopback import read_place

    place = read_place(address.path) if address.is_loopback else None
    if place is None:
        return {"socket": str(address.path), "url": None, "token_file": None}
    return {"socket": None, "url": place.url, "token_file": str(address.path)}
