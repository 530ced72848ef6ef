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
        first, last = (_line(params, end) for end in ("start", "end"))
        if snapshot and session.related and first is not None and last is not None:
            session.related.note_copied(snapshot, first, last)


def _line(params: Any, end: str) -> int | None:
    line = member(member(member(params, "range"), end), "line")
    return line if isinstance(line, int) else None
