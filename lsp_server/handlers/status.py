"""codellama/status: what the server is doing, for an editor's status line.

A client that says `experimental: {codellama: {status: true}}` in its capabilities gets, after
`initialized` and at every change,

    {"state": "loading" | "ready" | "thinking" | "off" | "gone" | "failed",
     "model": the one that completes, "percentage": of the loading or null,
     "message": why it failed or null}

`off` is completions switched off with a model that is ready. An engine that is `gone` has ended or
died; the next request brings it back. One that `failed` needs the user, whom the message tells what
to do.
"""

from typing import Any

from pygls.lsp.server import LanguageServer

from lsp_server.handlers.experimental import declares
from lsp_server.session import Session

STATUS = "codellama/status"


def register(server: LanguageServer, session: Session) -> None:
    told: dict[str, Any] = {}

    def tell() -> None:
        nonlocal told
        now = _now(session)
        if now != told and declares(server.client_capabilities, "status"):
            told = now
            server.protocol.notify(STATUS, now)

    session.status.observers.append(tell)


def _now(session: Session) -> dict[str, Any]:
    condition, info = session.status.condition, session.engine_info
    return {
        "state": session.status.word(session.config.completion.enabled),
        "model": info.infill_model if info else session.config.models.infill,
        "percentage": condition.percentage,
        "message": condition.message or None,
    }
