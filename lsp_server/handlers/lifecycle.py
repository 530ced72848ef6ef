"""initialized, shutdown, and the loading of the models between them."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lsp_server.errors import CodeLlamaError
from lsp_server.handlers.messages import show_error, show_info
from lsp_server.handlers.progress import progress
from lsp_server.session import Session

_log = logging.getLogger(__name__)


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
            info = await session.start_engine()
            if info.notice:
                show_info(server, info.notice)
        except CodeLlamaError as error:
            show_error(server, error)
        except Exception as error:
            _log.exception("Loading the model failed")
            show_error(server, CodeLlamaError(f"The model could not be loaded: {error}."))
        finally:
            session.status.observers.remove(tell)
