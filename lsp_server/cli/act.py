"""codellama-lsp explain, generate, fix: a code action in the terminal.

Answers are streamed: an explanation to standard output, the code of an edit to standard error
where that is a terminal. What an edit changes goes to standard output as a unified diff, or into
the file.
"""

import asyncio
import difflib
import locale
import re
import sys
from collections.abc import Callable
from typing import Any

import click

from lsp_server.actions.offers import Diagnostic, Offer
from lsp_server.actions.result import EditResult, PageResult
from lsp_server.cli.places import Lines, LinesType
from lsp_server.documents import apply_edits


@click.command()
@click.argument("place", type=LinesType())
@click.option("--instruction", default="", help="What you want to know, in your own words.")
def explain(place: Lines, instruction: str) -> None:
    """Explain the lines FILE:LINE-LINE."""
    _act("explain", place, (), instruction, apply=False)


def _edit_options(command: Any) -> Any:
    apply = click.option("--apply", is_flag=True, help="Change the file instead of a diff.")
    return click.argument("place", type=LinesType())(apply(command))


@click.command()
@_edit_options
@click.option("--instruction", default="", help="What to generate, in your own words.")
def generate(place: Lines, apply: bool, instruction: str) -> None:
    """Generate what the comment or signature in FILE:LINE-LINE describes; prints a diff."""
    _act("generate", place, (), instruction, apply)


@click.command()
@_edit_options
@click.option("--message", help="What is wrong, as a compiler or linter put it.")
def fix(place: Lines, apply: bool, message: str | None) -> None:
    """Fix the lines FILE:LINE-LINE; prints a diff."""
    diagnostics = (Diagnostic(place.start, place.end, message),) if message else ()
    _act("fix", place, diagnostics, "", apply)


def _act(
    name: str, place: Lines, diagnostics: tuple[Diagnostic, ...], instruction: str, apply: bool
) -> None:
    streamed, result = asyncio.run(_performed(name, place, diagnostics, instruction))
    if isinstance(result, EditResult):
        _show_edit(place, result, apply)
    elif streamed:
        click.echo()
    else:
        click.echo(result.markdown)


async def _performed(
    name: str, place: Lines, diagnostics: tuple[Diagnostic, ...], instruction: str
) -> tuple[bool, EditResult | PageResult]:
    """The result, and whether standard output has it already."""
    import attrs

    from lsp_server.actions.folders import ActionFolders, user_actions
    from lsp_server.actions.run import run
    from lsp_server.actions.spoken import spoken_language
    from lsp_server.cli.engine_session import engine_for, user_config

    config = user_config()
    spoken = spoken_language(config.actions.language, locale.getlocale()[0] or "")
    config = attrs.evolve(config, actions=attrs.evolve(config.actions, language=spoken))
    folders = ActionFolders()
    template = folders.actions([user_actions()])[name]
    for problem in folders.take_problems():
        click.echo(f"codellama-lsp: {problem}", err=True)
    offer = Offer(name, template.title, template.kind, place.start, place.end, diagnostics)
    async with engine_for(config) as engine:
        result = await run(
            offer,
            template,
            place.snapshot,
            engine,
            config,
            _echo(to_stderr=template.edits),
            instruction,
            lambda reason: click.echo(f"\n{reason} Trying again.", err=True),
        )
    return not template.edits, result


def _echo(to_stderr: bool) -> Callable[[str], None] | None:
    """Shows pieces as they come; code on standard error only to somebody who is there to see it."""
    if to_stderr and not sys.stderr.isatty():
        return None
    return lambda piece: click.echo(piece, nl=False, err=to_stderr)


def _show_edit(place: Lines, result: EditResult, apply: bool) -> None:
    if sys.stderr.isatty():
        click.echo("\n", err=True)
    if result.warning:
        click.echo(result.warning, err=True)
    old = place.snapshot.text
    new = apply_edits(old, result.edits)
    if apply:
        with place.path.open("w", encoding="utf-8", newline="") as file:
            file.write(new)
        click.echo(f"Changed {place.path}.", err=True)
        return
    click.echo(_diff(str(place.path), old, new), nl=False)


def _diff(path: str, old: str, new: str) -> str:
    """A unified diff as `patch` and `git apply` take it: only `\\n` ends a line."""
    path = path.lstrip("/")
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{path}", f"b/{path}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]
