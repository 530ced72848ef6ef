"""initialized, shutdown, and the loading of the models between them."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lsp_server.engine.protocol import EngineInfo
from lsp_server.errors import CodeLlamaError, EngineGone
from lsp_server.handlers.messages import show_error, show_info
from lsp_server.handlers.progress import progress
from lsp_server.session import Session

_log = logging.getLogger(__name__)
# Seconds between looks for a server that was not there when the editor started.
_FIRST_LOOK, _LONGEST_PAUSE = 2.0, 30.0


def register(
    server: LanguageServer, session: Session, complaints: Sequence[CodeLlamaError]
) -> None:
    """`complaints` are shown when the client is ready for messages."""

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        for complaint in complaints:
            show_error(server, complaint)
        session.look_around(_roots(server))
        start_loading(server, session)

    @server.feature(types.SHUTDOWN)
    async def shutdown(params: None) -> None:
        if session.loading:
            session.loading.cancel()
        if session.related:
            session.related.close()
        if session.outcomes:
            await session.outcomes.close()
        await session.stop_engine()


def _roots(server: LanguageServer) -> list[Path]:
    """The workspace's folders on this machine."""
    paths = [to_fs_path(uri) for uri in server.workspace.folders]
    return [Path(path) for path in paths if path]


def start_loading(server: LanguageServer, session: Session) -> None:
    """Load the models in the background; a failure is told once and the server stays up."""
    if session.loading:  # with settings that are no longer the user's
        session.loading.cancel()
    session.loading = asyncio.ensure_future(_load(server, session))


async def _load(server: LanguageServer, session: Session) -> None:
    async with progress(server, "Code Llama: loading the model", measured=True) as report:

        def tell() -> None:
            percentage = session.status.condition.percentage
            if percentage is not None:
                report(session.config.models.infill, percentage)

        report(session.config.models.infill)
        session.status.observers.append(tell)
        try:
            failure = await _loaded(server, session.start_engine())
        finally:
            session.status.observers.remove(tell)
    if failure:
        show_error(server, failure)
    if isinstance(failure, EngineGone) and session.config.engine.elsewhere:
        await _look_for_it(server, session)


async def _look_for_it(server: LanguageServer, session: Session) -> None:
    """Wait for a server elsewhere that can't be reached, until it can or others are wanted."""
    failure: CodeLlamaError | None = EngineGone("")
    pause = _FIRST_LOOK
    while isinstance(failure, EngineGone):
        await asyncio.sleep(pause)
        if session.loading is not asyncio.current_task() or session.engine is None:
            return
        failure = await _loaded(server, session.wait_for_engine())
        pause = min(pause * 2, _LONGEST_PAUSE)
    if failure:
        show_error(server, failure)
    else:
        show_info(server, "The model's server answers now.")


async def _loaded(
    server: LanguageServer, loading: Coroutine[Any, Any, EngineInfo]
) -> CodeLlamaError | None:
    """Why it failed, if it did."""
    try:
        info = await loading
        if info.notice:
            show_info(server, info.notice)
    except CodeLlamaError as error:
        return error
    except Exception as error:
        _log.exception("Loading the model failed")
        return CodeLlamaError(f"The model could not be loaded: {error}.")
    return None
