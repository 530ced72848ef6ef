"""window/showDocument: an answer as a Markdown page."""

import re
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_server.handlers.messages import show_info


async def show_page(server: LanguageServer, title: str, markdown: str) -> None:
    """Open the page in the editor; where the client can't, show its text as a message."""
    window = server.client_capabilities.window
    if not (window and window.show_document and window.show_document.support):
        show_info(server, markdown)
        return
    uri = write_page(title, markdown).as_uri()
    await server.window_show_document_async(
        types.ShowDocumentParams(uri=uri, external=False, take_focus=True)
    )


def write_page(title: str, markdown: str) -> Path:
    """Write the page where only the user can read it; one page a title, so none pile up."""
    from platformdirs import user_cache_path

    folder = user_cache_path("codellama-lsp") / "pages"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:80] or "page"
    path = folder / f"{name}.md"
    path.write_text(markdown, encoding="utf-8")
    return path
