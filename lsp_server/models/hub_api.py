"""What a Hugging Face hub says of its repositories: search, files, sizes, licence.

GET /api/models?search=WORDS&filter=gguf     repositories, the most downloaded first
GET /api/models/OWNER/REPO?blobs=true        one, with the size of each file
"""

from dataclasses import dataclass
from typing import Any

import httpx

from lsp_server.errors import DownloadError
from lsp_server.models.hub import connection, endpoint, endpoint_host, reason_of, refusal


@dataclass(frozen=True)
class HubFile:
    """`size` in bytes, None where the hub doesn't say."""

    path: str
    size: int | None = None


@dataclass(frozen=True)
class HubRepository:
    """`gated`: its page asks for consent, and a file for HF_TOKEN."""

    name: str
    downloads: int
    licence: str
    gated: bool
    files: tuple[HubFile, ...]


def search(words: str, limit: int = 10) -> list[HubRepository]:
    """Repositories with GGUF files whose names have the words. Raises DownloadError."""
    found = _get(
        "/api/models",
        {"search": words, "filter": "gguf", "sort": "downloads", "limit": limit, "full": "true"},
    )
    if not isinstance(found, list):
        raise _unexpected()
    return [_repository(one) for one in found]


def repository(name: str) -> HubRepository:
    """One repository (OWNER/REPO), its files with their sizes. Raises DownloadError."""
    return _repository(_get(f"/api/models/{name}", {"blobs": "true"}))


def _get(path: str, parameters: dict[str, Any]) -> Any:
    try:
        with connection() as client:
            response = client.get(endpoint() + path, params=parameters)
            refused = refusal(response.status_code, response.reason_phrase)
            if refused:
                raise DownloadError(
                    f"The hub at {endpoint_host()}: {refused}.",
                    "Wait a while." if response.status_code in (429, 503) else "",
                )
            return response.json()
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise DownloadError(
            f"The hub at {endpoint_host()} can't be reached ({reason_of(error)}).",
            "Check the network and its proxy; HF_ENDPOINT names another hub.",
        ) from error
    except ValueError as error:
        raise _unexpected() from error


def _repository(raw: Any) -> HubRepository:
    try:
        return HubRepository(
            name=_plain(raw["id"]),
            downloads=int(raw.get("downloads") or 0),
            licence=_licence(raw),
            gated=bool(raw.get("gated")),
            files=tuple(
                HubFile(_plain(file["rfilename"]), _size(file.get("size")))
                for file in raw.get("siblings") or []
                if str(file["rfilename"]).lower().endswith(".gguf")
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unexpected() from error


def _licence(raw: dict[str, Any]) -> str:
    tags = [tag for tag in raw.get("tags") or [] if str(tag).startswith("license:")]
    return _plain(tags[0]).removeprefix("license:") if tags else ""


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _plain(text: Any) -> str:
    """Without what could steer a terminal: these texts are anybody's."""
    return "".join(char if char.isprintable() else "?" for char in str(text))


def _unexpected() -> DownloadError:
    return DownloadError(
        f"The hub at {endpoint_host()} gave an answer that can't be understood.",
        "Is HF_ENDPOINT the address of a Hugging Face hub?",
    )
