"""This server over stdio, as an editor with our plugin drives it."""

import os

from lsprotocol import types

from benchmarks.lsp_text import offset_at, position_at
from benchmarks.typing.document import Document, Shown
from tests.e2e.editor import Editor


class Ours:
    """Way (see replay.py) of an editor on this server."""

    def __init__(self, editor: Editor, tells_cursor: bool = True) -> None:
        self._editor = editor
        self._tells_cursor = tells_cursor
        self._versions: dict[str, int] = {}

    async def arrive(self, document: Document) -> None:
        """The plugins say where the cursor rests, so that the engine can read ahead."""
        uri = self._sync(document)
        if not self._tells_cursor:
            return
        at = position_at(document.text, document.offset)
        self._editor.client.protocol.notify(
            "codellama/cursor",
            {
                "textDocument": {"uri": uri},
                "position": {"line": at.line, "character": at.character},
            },
        )

    async def key(self, document: Document) -> tuple[Shown | None, bool | None]:
        uri = self._sync(document)
        at = position_at(document.text, document.offset)
        found = await self._editor.complete(uri, at.line, at.character)
        return (_shown(document, found.items[0]) if found and found.items else None), None

    def _sync(self, document: Document) -> str:
        """Tell the server the edit between the text that it knows and the new one."""
        uri = f"file:///typing/{document.file}"
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        old, new = self._editor.texts.get(uri), document.text
        if old is None:
            self._editor.open(uri, new, version=version)
        elif old != new:
            start = len(os.path.commonprefix([old, new]))  # noqa: RUF071 - characters are meant
            end = len(os.path.commonprefix([old[start:][::-1], new[start:][::-1]]))  # noqa: RUF071
            first, last = position_at(old, start), position_at(old, len(old) - end)
            put = new[start : len(new) - end]
            self._editor.change(
                uri, version, (first.line, first.character, last.line, last.character, put)
            )
            self._editor.texts[uri] = new
        return uri


def _shown(document: Document, item: types.InlineCompletionItem) -> Shown:
    assert item.range
    text = item.insert_text
    return Shown(
        offset_at(document.text, item.range.start),
        offset_at(document.text, item.range.end),
        text if isinstance(text, str) else text.value,
    )
