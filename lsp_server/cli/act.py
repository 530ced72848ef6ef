"""codellama-lsp explain, generate, fix, and act for any action: code actions in the terminal.

Answers are streamed: an explanation to standard output, the code of an edit to standard error
where that is a terminal. What an edit changes goes to standard output as a unified diff, or into
the file. An answer that can't be an edit goes to standard error, and the exit status is 1.
"""

import asyncio
import difflib
import locale
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lsp_server.actions.offers import Diagnostic, Offer
from lsp_server.actions.result import EditResult, PageResult
from lsp_server.cli.places import Lines, LinesType, check_is_shown
from lsp_server.documents import apply_edits

if TYPE_CHECKING:
    from lsp_server.actions.templates import ActionTemplate
    from lsp_server.config import Config


@dataclass(frozen=True)
class _Asked:
    """What was asked for on the command line."""

    name: str
    place: Lines
    instruction: str = ""
    message: str = ""
    apply: bool = False


_place = click.argument("place", type=LinesType(), metavar="FILE:LINE-LINE")
_apply = click.option("--apply", is_flag=True, help="Change the file instead of a diff.")
_instruction = click.option("--instruction", default="", help="What you want, in your own words.")
_message = click.option(
    "--message", default="", help="What is wrong, as a compiler or linter put it."
)


@click.command()
@_place
@_instruction
def explain(place: Lines, instruction: str) -> None:
    """Explain the lines FILE:LINE-LINE."""
    _act(_Asked("explain", place, instruction))


@click.command()
@_place
@_apply
@_instruction
def generate(place: Lines, apply: bool, instruction: str) -> None:
    """Generate what the comment or signature in FILE:LINE-LINE describes; prints a diff."""
    _act(_Asked("generate", place, instruction, apply=apply))


@click.command()
@_place
@_apply
@_message
def fix(place: Lines, apply: bool, message: str) -> None:
    """Fix the lines FILE:LINE-LINE; prints a diff."""
    _act(_Asked("fix", place, message=message, apply=apply))


def _print_list(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for template in _actions().values():
            click.echo(f"{template.name:<12} {template.produces:<10} {template.title}")
        ctx.exit()


@click.command()
@click.option(
    *("--list", "listed"),
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_list,
    help="List the actions and what each gives: a page, an edit, an insertion.",
)
@click.argument("name", metavar="ACTION")
@_place
@_apply
@_instruction
@_message
def act(name: str, place: Lines, apply: bool, instruction: str, message: str) -> None:
    """Perform ACTION, a shipped one or your own, on the lines FILE:LINE-LINE; what it edits is
    printed as a diff."""
    _act(_Asked(name, place, instruction, message, apply))


def _act(asked: _Asked) -> None:
    template = _template(asked)
    result = asyncio.run(_performed(asked, template))
    if isinstance(result, EditResult):
        _show_edit(asked.place, result, asked.apply)
    elif template.edits:
        click.echo(result.markdown, err=True)
        sys.exit(1)
    else:
        click.echo()  # the answer itself has been streamed
        for note in result.notes:
            click.echo(note, err=True)


def _actions(place: Lines | None = None) -> "dict[str, ActionTemplate]":
    """The actions by name: shipped, the user's own, and for a file those of an allowed folder that
    it is in. What is wrong with a file of them goes to standard error."""
    from lsp_server.actions.folders import ActionFolders, user_actions, workspace_actions

    allowed = _user_config().actions.allowed_folders
    projects = list(place.path.resolve().parents)[::-1] if place else []
    folders = ActionFolders()
    found = folders.actions([*workspace_actions(projects, allowed), user_actions()])
    for problem in folders.take_problems():
        click.echo(f"codellama-lsp: {problem}", err=True)
    return found


def _template(asked: _Asked) -> "ActionTemplate":
    from lsp_server.actions.offers import is_for

    check_is_shown(asked.place.snapshot, _user_config())
    templates = _actions(asked.place)
    template = templates.get(asked.name)
    if template is None:
        raise click.UsageError(f"There is no action {asked.name!r}, but {', '.join(templates)}.")
    if not is_for(template, asked.place.snapshot):
        languages = ", ".join(sorted(template.languages))
        raise click.UsageError(f"The action {asked.name} is for {languages}.")
    return template


def _user_config() -> "Config":
    """The user's settings, with the language that answers are written in."""
    import attrs

    from lsp_server.actions.spoken import spoken_language
    from lsp_server.cli.engine_session import user_config

    config = user_config()
    spoken = spoken_language(config.actions.language, locale.getlocale()[0] or "")
    return attrs.evolve(config, actions=attrs.evolve(config.actions, language=spoken))


async def _performed(asked: _Asked, template: "ActionTemplate") -> EditResult | PageResult:
    from lsp_server.actions.run import run
    from lsp_server.cli.engine_session import engine_for

    place, config = asked.place, _user_config()
    diagnostics = (Diagnostic(place.start, place.end, asked.message),) if asked.message else ()
    offer = Offer(asked.name, template.title, template.kind, place.start, place.end, diagnostics)
    async with engine_for(config) as engine:
        return await run(
            offer,
            template,
            place.snapshot,
            engine,
            config,
            _echo(to_stderr=template.edits),
            asked.instruction,
            lambda reason: click.echo(f"\n{reason} Trying again.", err=True),
        )


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
    click.echo(_diff(place.path.as_posix(), old, new), nl=False)


def _diff(path: str, old: str, new: str) -> str:
    """A unified diff as `patch` and `git apply` take it: only `\\n` ends a line."""
    path = path.lstrip("/")
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{path}", f"b/{path}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]
