"""codellama-lsp complete: one completion in the terminal."""

import asyncio
import time

import click

from lsp_server.cli.places import Cursor, CursorType, check_is_shown
from lsp_server.documents import Edit


@click.command()
@click.argument("place", type=CursorType())
@click.option("--json", "as_json", is_flag=True, help="Print offsets and text as JSON.")
def complete(place: Cursor, as_json: bool) -> None:
    """Complete the code at FILE:LINE:COL and print what would be inserted.

    Exits with 1 where nothing is suggested.
    """
    started = time.perf_counter()
    edit = asyncio.run(_complete(place))
    if edit is None:
        click.echo("No suggestion here.", err=True)
        raise SystemExit(1)
    if as_json:
        import json

        click.echo(json.dumps({"start": edit.start, "end": edit.end, "text": edit.text}))
    else:
        click.echo(edit.text)
        click.echo(f"({time.perf_counter() - started:.1f} s with loading the model)", err=True)


async def _complete(place: Cursor) -> Edit | None:
    from lsp_server.cli.engine_session import engine_for, user_config
    from lsp_server.completion.pipeline import Pipeline

    config = user_config()
    check_is_shown(place.snapshot, config)
    async with engine_for(config) as engine:
        pipeline = Pipeline(engine, await engine.ready())
        return await pipeline.suggest(place.snapshot, place.offset, config)
