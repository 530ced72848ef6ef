"""This server over stdio, as an editor with our plugin drives it."""

import os
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from benchmarks.lsp_text import offset_at, position_at
from benchmarks.typing.client import Client, Json
from benchmarks.typing.document import Document, Shown

_AUTOMATIC = 2


@dataclass(frozen=True)
class Place:
    """A document and the cursor in it, as the protocol tells them."""

    uri: str
    text: str
    position: Json


class Ours:
    """Way (see replay.py) of an editor on this server."""

    def __init__(self, client: Client, tells_cursor: bool = True) -> None:
        self._client = client
        self._tells_cursor = tells_cursor
        self._versions: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._change: tuple[str, Json] | None = None
        self._place = Place("", "", {})

    async def arrive(self, document: Document) -> None:
        """The plugins say where the cursor rests, so that the engine can read ahead."""
        self.see(document)
        self._tell_change()
        if self._tells_cursor:
            self._client.notify("codellama/cursor", self._where())

    def see(self, document: Document) -> None:
        uri = f"file:///typing/{document.file}"
        self._change = self._changed(uri, document.text)
        self._place = Place(uri, document.text, _json(position_at(document.text, document.offset)))

    async def key(self, document: Document) -> tuple[Shown | None, bool | None]:
        self._tell_change()
        params = self._where() | {"context": {"triggerKind": _AUTOMATIC}}
        found = await self._client.request(types.TEXT_DOCUMENT_INLINE_COMPLETION, params)
        return (_shown(document, found["items"][0]) if found and found["items"] else None), None

    def _where(self) -> dict[str, Any]:
        return {"textDocument": {"uri": self._place.uri}, "position": self._place.position}

    def _tell_change(self) -> None:
        if self._change:
            self._client.notify(*self._change)
            self._change = None

    def _changed(self, uri: str, new: str) -> tuple[str, Json] | None:
        """What tells the server the edit between the text that it knows and the new one."""
        old = self._texts.get(uri)
        if old == new:
            return None
        self._texts[uri] = new
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        document: dict[str, Any] = {"uri": uri, "version": version}
        if old is None:
            document |= {"languageId": "python", "text": new}
            return types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": document}
        start = len(os.path.commonprefix([old, new]))  # noqa: RUF071 - characters are meant
        end = len(os.path.commonprefix([old[start:][::-1], new[start:][::-1]]))  # noqa: RUF071
        first, last = position_at(old, start), position_at(old, len(old) - end)
        change = {
            "range": {"start": _json(first), "end": _json(last)},
            "text": new[start : len(new) - end],
        }
        return (
            types.TEXT_DOCUMENT_DID_CHANGE,
            {"textDocument": document, "contentChanges": [change]},
        )


def _json(position: types.Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}


def _shown(document: Document, item: Json) -> Shown:
    """An editor knows where its cursor's line begins; suggestions are on that line."""
    start = document.text.rfind("\n", 0, document.offset) + 1
    line = document.text[start:].split("\n", 1)[0]
    places = (item["range"]["start"]["character"], item["range"]["end"]["character"])
    first, last = (start + offset_at(line, types.Position(0, place)) for place in places)
    return Shown(first, last, item["insertText"])
