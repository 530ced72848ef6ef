"""window/workDoneProgress: what the user sees while something takes its time."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from lsprotocol import types
from pygls.lsp.server import LanguageServer

Report = Callable[[str], None]


@asynccontextmanager
async def progress(
    server: LanguageServer, title: str, cancellable: bool = False
) -> AsyncIterator[Report]:
    """Show progress while the body runs; the yielded function sets its message.

    The user's cancel button cancels the body's task. A client without progress sees nothing.
    """
    window = server.client_capabilities.window
    if not (window and window.work_done_progress):
        yield lambda message: None
        return
    token = str(uuid.uuid4())
    tokens = server.work_done_progress
    await tokens.create_async(token)
    if cancellable:
        task = asyncio.current_task()
        tokens.tokens[token].add_done_callback(
            lambda future: task.cancel() if task and future.cancelled() else None
        )
    tokens.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=cancellable))
    try:
        yield lambda message: tokens.report(token, types.WorkDoneProgressReport(message=message))
    finally:
        tokens.end(token, types.WorkDoneProgressEnd())
        tokens.tokens.pop(token, None)
