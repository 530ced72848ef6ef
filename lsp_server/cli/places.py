"""FILE:LINE:COL and FILE:LINE-LINE as people type them: lines and columns count from 1."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import click

from lsp_server.context.languages import language_of
from lsp_server.documents import DocumentSnapshot
from lsp_server.errors import AnswerError

if TYPE_CHECKING:
    from lsp_server.config import Config


@dataclass(frozen=True)
class Cursor:
    """A file's snapshot and an offset in it."""

    snapshot: DocumentSnapshot
    offset: int


@dataclass(frozen=True)
class Lines:
    """A file's snapshot and the offsets of whole lines in it, the last line end left out."""

    path: Path
    snapshot: DocumentSnapshot
    start: int
    end: int


class CursorType(click.ParamType[Cursor]):
    name = "FILE:LINE:COL"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Cursor:
        match = re.fullmatch(r"(.+):(\d+):(\d+)", value)
        if not match:
            self.fail(f"{value!r} is not FILE:LINE:COL, such as main.py:12:5.", param, ctx)
        snapshot = read_snapshot(Path(match[1]))
        line, column = int(match[2]), int(match[3])
        if not 1 <= line <= snapshot.line_count:
            self.fail(f"{match[1]} has {snapshot.line_count} lines.", param, ctx)
        width = len(snapshot.line(line - 1))
        return Cursor(snapshot, snapshot.line_starts[line - 1] + min(max(column - 1, 0), width))


class LinesType(click.ParamType[Lines]):
    name = "FILE:LINE-LINE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Lines:
        match = re.fullmatch(r"(.+):(\d+)(?:-(\d+))?", value)
        if not match:
            self.fail(f"{value!r} is not FILE:LINE-LINE, such as main.py:3-9.", param, ctx)
        path = Path(match[1])
        snapshot = read_snapshot(path)
        first, last = int(match[2]), int(match[3] or match[2])
        if not 1 <= first <= last <= snapshot.line_count:
            self.fail(f"{path} has {snapshot.line_count} lines.", param, ctx)
        end = snapshot.line_starts[last - 1] + len(snapshot.line(last - 1))
        return Lines(path, snapshot, snapshot.line_starts[first - 1], end)


def read_snapshot(path: Path) -> DocumentSnapshot:
    """A file as a document, its language known by its name."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} could not be read: {error}.") from error
    uri = path.resolve().as_uri()
    language = language_of("", uri)
    return DocumentSnapshot(uri, 0, language.name if language else "plaintext", text)


def check_is_shown(snapshot: DocumentSnapshot, config: "Config") -> None:
    """Raises AnswerError for a file that the user's settings keep from every model."""
    from lsp_server.completion.trigger import is_left_alone

    if is_left_alone(snapshot, config):
        name = unquote(snapshot.uri.rpartition("/")[2])
        raise AnswerError(
            f"{name} is one of the files that no model is shown.",
            "files in your settings says which these are.",
        )
