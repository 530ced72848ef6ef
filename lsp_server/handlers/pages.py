"""Answers as Markdown pages: window/showDocument, or our codellama/page while they are written.

A client that says `experimental: {codellama: {pages: true}}` in its capabilities gets

    codellama/page {"id": ..., "title": ..., "markdown": a piece to append, "done": false}
    codellama/page {"id": ..., "title": ..., "markdown": the whole page, "done": true}

The last one replaces what came before: leaked control tokens are gone, notes stand at the top.
`markdown` is null there where the answer failed or was cancelled: the page ends as it is.
"""

import re
import uuid
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_server.actions.result import PageResult
from lsp_server.handlers.experimental import declares
from lsp_server.handlers.messages import show_info

PAGE = "codellama/page"


def shows_growing_pages(server: LanguageServer) -> bool:
    """Whether the client takes `codellama/page`."""
    return declares(server.client_capabilities, "pages")


class GrowingPage:
    """A page that the client shows while it is written."""

    def __init__(self, server: LanguageServer, title: str) -> None:
        self._server = server
        self._title = title
        self._id = str(uuid.uuid4())
        self._done = False
        self._send(f"# {title}\n\n")

    def append(self, piece: str) -> None:
        self._send(piece)

    def end(self, markdown: str | None = None) -> None:
        """The whole page; without it the page stays as it is. Only the first end counts."""
        if not self._done:
            self._done = True
            self._send(markdown)

    def _send(self, markdown: str | None) -> None:
        page = {"id": self._id, "title": self._title, "markdown": markdown, "done": self._done}
        self._server.protocol.notify(PAGE, page)


async def show_page(server: LanguageServer, page: PageResult) -> None:
    """Open the page in the editor; where the client can't, show its text as a message."""
    if shows_growing_pages(server):
        GrowingPage(server, page.title).end(page.markdown)
        return
    window = server.client_capabilities.window
    if not (window and window.show_document and window.show_document.support):
        show_info(server, page.markdown)
        return
    uri = write_page(page.title, page.markdown).as_uri()
    await server.window_show_document_async(
        types.ShowDocumentParams(uri=uri, external=False, take_focus=True)
    )


def write_page(title: str, markdown: str) -> Path:
    """Write the page where only the user can read it; one page a title, so none pile up."""
    from platformdirs import user_cache_path

    folder = user_cache_path("codellama-lsp", appauthor=False) / "pages"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:80] or "page"
    path = folder / f"{name}.md"
    path.write_text(markdown, encoding="utf-8")
    return path
