"""The way to an engine's process: its unix socket, or its port on loopback with its token."""

import hmac
from collections.abc import Generator

import httpx

from lsp_server.engine.address import Address, check_owner
from lsp_server.engine.loopback import (
    CHALLENGE,
    PROOF,
    Place,
    new_challenge,
    proof_of,
    read_place,
)
from lsp_server.errors import EngineGone

# A model may take minutes to load and a prompt seconds to read: only connecting has a limit.
_TIMEOUT = httpx.Timeout(None, connect=2.0)
# A proof takes no model.
_PROOF_TIMEOUT = httpx.Timeout(5.0).as_dict()


def client_of(address: Address) -> httpx.AsyncClient:
    """Raises EngineError where the address is not the user's own, EngineGone where there is
    none."""
    try:
        check_owner(address.path)
    except FileNotFoundError as error:
        raise EngineGone("No engine is running.") from error
    if not address.is_loopback:
        transport = httpx.AsyncHTTPTransport(uds=str(address.path))
        return _client("http://codellama-lsp", transport=transport)
    place = read_place(address.path)
    if place is None:
        raise EngineGone("No engine is running.")
    return _client(place.url, auth=TokenAuth(place))


def _client(
    base_url: str,
    transport: httpx.AsyncHTTPTransport | None = None,
    auth: httpx.Auth | None = None,
) -> httpx.AsyncClient:
    # trust_env: no proxy of the user's may see this.
    return httpx.AsyncClient(
        base_url=base_url, transport=transport, auth=auth, timeout=_TIMEOUT, trust_env=False
    )


class TokenAuth(httpx.Auth):
    """Gives the token with each request, once the engine has proved that it knows it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._proved = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Raises EngineGone where someone else listens there."""
        if not self._proved:
            challenge = new_challenge()
            answer = yield httpx.Request(
                "GET",
                f"{self._place.url}/health",
                headers={CHALLENGE: challenge},
                extensions={"timeout": _PROOF_TIMEOUT},
            )
            expected = proof_of(self._place.token, challenge)
            if not hmac.compare_digest(answer.headers.get(PROOF, "").encode(), expected.encode()):
                raise EngineGone(f"Something else than the engine listens at {self._place.url}.")
            self._proved = True
        request.headers["Authorization"] = f"Bearer {self._place.token}"
        yield request
