"""What the user sees while an action is performed: tokens and seconds, and a page that grows."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pygls.lsp.server import LanguageServer

from lsp_server.actions.result import PageResult
from lsp_server.handlers.pages import GrowingPage, shows_growing_pages
from lsp_server.handlers.progress import Report, progress

_EVERY_TOKENS = 8
_EVERY_SECONDS = 1.0


class Writing:
    """Told each piece of an answer and each further try."""

    def __init__(self, report: Report, page: GrowingPage | None) -> None:
        self._report = report
        self._page = page
        self._started = time.monotonic()
        self._tokens = 0
        self._tries = 1
        self._again = ""

    def on_text(self, piece: str) -> None:
        self._tokens += 1
        if self._tokens % _EVERY_TOKENS == 0:
            self.tell()
        if self._page:
            self._page.append(piece)

    def on_retry(self, reason: str) -> None:
        self._tries += 1
        self._again = f"try {self._tries} ({reason[:1].lower()}{reason[1:].rstrip('.')}): "
        self.tell()

    def tell(self) -> None:
        seconds = round(time.monotonic() - self._started)
        done = f"{self._tokens} tokens" if self._tokens else "reading the code"
        self._report(f"{self._again}{done}, {seconds} s")

    def end(self, page: PageResult) -> bool:
        """Whether the page has been shown with this."""
        if self._page:
            self._page.end(page.markdown)
        return self._page is not None


@asynccontextmanager
async def writing(
    server: LanguageServer, title: str, page_title: str | None
) -> AsyncIterator[Writing]:
    """Progress with a cancel button; for a page's title, in clients that can show it, the page. It
    ends as it is where the body fails or is cancelled."""
    async with progress(server, title, cancellable=True) as report:
        growing = page_title is not None and shows_growing_pages(server)
        page = GrowingPage(server, page_title or "") if growing else None
        seen = Writing(report, page)
        ticking = asyncio.create_task(_tick(seen))
        try:
            yield seen
        finally:
            ticking.cancel()
            if page:
                page.end()


async def _tick(seen: Writing) -> None:
    """So that the user sees time pass while the model reads and says nothing yet."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        seen.tell()
