"""Who may ask an engine that listens on loopback: whoever has its token, under its own name."""

import hmac

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lsp_server.engine.loopback import CHALLENGE, HOST, PROOF, proof_of


def guarded(app: ASGIApp, token: str) -> ASGIApp:
    """The application behind a door. A web page that gives its own name our address (DNS
    rebinding) asks under that name, and is refused by it."""
    return TrustedHostMiddleware(
        TokenAsked(app, token), allowed_hosts=[HOST, "localhost"], www_redirect=False
    )


class TokenAsked:
    """Answers 401 without `Authorization: Bearer TOKEN`, and proves to whoever sends a challenge
    that this is the engine (engine/loopback.py)."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("authorization", "").encode()
        if hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            await self._app(scope, receive, send)
            return
        await self._refusal(headers.get(CHALLENGE))(scope, receive, send)

    def _refusal(self, challenge: str | None) -> JSONResponse:
        message = "The token of the engine's address file is missing or wrong."
        error = {"code": 401, "message": message, "type": "authentication_error"}
        headers = {"WWW-Authenticate": "Bearer"}
        if challenge is not None:
            headers[PROOF] = proof_of(self._token, challenge)
        return JSONResponse({"error": error}, status_code=401, headers=headers)
