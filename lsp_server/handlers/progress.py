"""window/workDoneProgress: what the user sees while something takes its time."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from lsprotocol import types
from pygls.lsp.server import LanguageServer


class Report(Protocol):
    """Sets the message, and the percentage where one is known."""

    def __call__(self, message: str, percentage: int | None = None) -> None: ...


@asynccontextmanager
async def progress(
    server: LanguageServer, title: str, cancellable: bool = False, measured: bool = False
) -> AsyncIterator[Report]:
    """Show progress while the body runs; `measured` where percentages will be reported.

    The user's cancel button cancels the body's task. A client without progress sees nothing.
    """
    window = server.client_capabilities.window
    if not (window and window.work_done_progress):
        yield lambda message, percentage=None: None
        return
    token = str(uuid.uuid4())
    tokens = server.work_done_progress
    await tokens.create_async(token)
    if cancellable:
        task = asyncio.current_task()
        tokens.tokens[token].add_done_callback(
            lambda future: task.cancel() if task and future.cancelled() else None
        )
    begin = types.WorkDoneProgressBegin(
        title=title, cancellable=cancellable, percentage=0 if measured else None
    )
    tokens.begin(token, begin)

    def report(message: str, percentage: int | None = None) -> None:
        reported = types.WorkDoneProgressReport(message=message, percentage=percentage)
        tokens.report(token, reported)

    try:
        yield report
    finally:
        tokens.end(token, types.WorkDoneProgressEnd())
        tokens.tokens.pop(token, None)
