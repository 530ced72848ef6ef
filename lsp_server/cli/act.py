"""codellama-lsp explain, generate, fix: a code action in the terminal."""

import asyncio
import difflib
from typing import Any

import click

from lsp_server.actions.offers import Diagnostic, Offer
from lsp_server.actions.run import EditResult, PageResult
from lsp_server.cli.places import Lines, LinesType
from lsp_server.documents import apply_edits


@click.command()
@click.argument("place", type=LinesType())
def explain(place: Lines) -> None:
    """Explain the lines FILE:LINE-LINE."""
    _show(place, asyncio.run(_act("explain", place, (), "", stream=True)), apply=False)


def _edit_options(command: Any) -> Any:
    apply = click.option("--apply", is_flag=True, help="Change the file instead of a diff.")
    return click.argument("place", type=LinesType())(apply(command))


@click.command()
@_edit_options
@click.option("--instruction", default="", help="What to generate, in your own words.")
def generate(place: Lines, apply: bool, instruction: str) -> None:
    """Generate what the comment or signature in FILE:LINE-LINE describes; prints a diff."""
    _show(place, asyncio.run(_act("generate", place, (), instruction)), apply)


@click.command()
@_edit_options
@click.option("--message", help="What is wrong, as a compiler or linter put it.")
def fix(place: Lines, apply: bool, message: str | None) -> None:
    """Fix the lines FILE:LINE-LINE; prints a diff."""
    diagnostics = (Diagnostic(place.start, place.end, message),) if message else ()
    _show(place, asyncio.run(_act("fix", place, diagnostics, "")), apply)


async def _act(
    name: str,
    place: Lines,
    diagnostics: tuple[Diagnostic, ...],
    instruction: str,
    stream: bool = False,
) -> EditResult | PageResult:
    from lsp_server.actions.run import run
    from lsp_server.actions.templates import load_templates
    from lsp_server.cli.engine_session import engine_for, user_config

    config = user_config()
    template = load_templates()[name]
    offer = Offer(name, template.title, template.kind, place.start, place.end, diagnostics)

    def echo(piece: str) -> None:
        click.echo(piece, nl=False)

    async with engine_for(config) as engine:
        return await run(
            offer,
            template,
            place.snapshot,
            engine,
            config,
            echo if stream else None,
            instruction,
        )


def _show(place: Lines, result: EditResult | PageResult, apply: bool) -> None:
    if isinstance(result, PageResult):
        # An explanation has been streamed; a page instead of an edit says why.
        click.echo("" if result.title.startswith("Explain") else result.markdown)
        return
    old = place.snapshot.text
    new = apply_edits(old, result.edits)
    if apply:
        with place.path.open("w", encoding="utf-8", newline="") as file:
            file.write(new)
        click.echo(f"Changed {place.path}.", err=True)
        return
    diff = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), f"a/{place.path}", f"b/{place.path}"
    )
    click.echo("".join(diff), nl=False)
