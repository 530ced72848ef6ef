"""The command line: one file a command. Only what a command needs is imported, when it runs."""

import importlib
import io
import sys

import click

from lsp_server import __version__
from lsp_server.errors import CodeLlamaError

# Command -> module under lsp_server.cli that has a click command of that name.
_COMMANDS = {
    "serve": "serve",
    "complete": "complete",
    "explain": "act",
    "generate": "act",
    "fix": "act",
    "act": "act",
    "prompt": "prompt",
    "models": "models",
    "engine": "engine",
    "config": "config",
    "doctor": "doctor",
    "stats": "stats",
}


class LazyCommands(click.Group):
    """Imports a command's module when the command is used: `serve` must start at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"lsp_server.cli.{_COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="codellama-lsp")
def cli() -> None:
    """Code completion and code actions by a language model on your own machine.

    \b
    First steps:
      codellama-lsp models pull qwen2.5-coder-0.5b   fetch the small default model
      codellama-lsp complete FILE:LINE:COL           see a completion in the terminal
      codellama-lsp serve                            what your editor starts
    """


def plain_output() -> None:
    """UTF-8 and bare line ends, as on other systems: Windows would write to files and pipes in the
    code page of its region, which has no letter for much of what stands in code, and turn a diff's
    line ends into others."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", newline="\n")


def main() -> None:
    """Run the command line; an error that a person can mend is one message and exit status 1."""
    if sys.platform == "win32":
        plain_output()
    try:
        cli()
    except CodeLlamaError as error:
        click.echo(f"codellama-lsp: {error}", err=True)
        sys.exit(1)
