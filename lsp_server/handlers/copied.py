"""codellama/copied: an editor says what was just copied, which is likely wanted elsewhere.

    {"textDocument": {"uri": string}, "range": Range}

The protocol has nothing for that. Where completion.related_share is above 0 these lines are among
what other files' completions are shown.
"""

from typing import Any

from pygls.lsp.server import LanguageServer

from lsp_server.handlers.experimental import member
from lsp_server.session import Session

COPIED = "codellama/copied"


def register(server: LanguageServer, session: Session) -> None:
    @server.feature(COPIED)
    def copied(params: Any) -> None:
        uri = member(member(params, "textDocument"), "uri")
        snapshot = session.documents.get(uri) if isinstance(uri, str) else None
        lines = copied_lines(params)
        if snapshot and session.related and lines:
            session.related.note_copied(snapshot, *lines)


def copied_lines(params: Any) -> tuple[int, int] | None:
    """The first and the last line of the range. One of which the range has only the start is none
    of them."""
    (first, _), (last, character) = (_position(params, end) for end in ("start", "end"))
    if first is None or last is None:
        return None
    return first, last - 1 if character == 0 and last > first else last


def _position(params: Any, end: str) -> list[int | None]:
    at = member(member(params, "range"), end)
    found = (member(at, name) for name in ("line", "character"))
    return [number if isinstance(number, int) else None for number in found]
