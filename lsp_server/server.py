"""The composition root: one server, its session, and its handlers."""

import asyncio
import logging
import sys
import threading
from typing import BinaryIO

from lsprotocol import types
from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

from lsp_server import __version__
from lsp_server.config import Config
from lsp_server.config_sources import Source, merge
from lsp_server.errors import ConfigError
from lsp_server.handlers import actions, completion, configuration, copied, lifecycle, status
from lsp_server.handlers.protocol import CodeLlamaProtocol
from lsp_server.handlers.standard_input import pipe_reader
from lsp_server.log import set_level
from lsp_server.session import EngineFactory, Session

_log = logging.getLogger(__name__)


class CodeLlamaServer(LanguageServer):
    """pygls' server, except for errors that nobody asked for: they go to the log.

    pygls shows them to the user. Where the connection is what failed, that fails too and is shown
    again, without end.
    """

    def report_server_error(self, error: Exception, source: object) -> None:
        _log.error("%s: %s", getattr(source, "__name__", source), type(error).__name__)

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve on standard input and output until the editor goes."""
        stdin, stdout = stdin or sys.stdin.buffer, stdout or sys.stdout.buffer
        reader = pipe_reader(stdin, stdout)
        if reader is None:
            super().start_io(stdin, stdout)
            return
        self._stop_event = threading.Event()
        self.protocol.set_writer(StdoutWriter(stdout))
        serving = run_async(self._stop_event, reader, self.protocol, _log, self.report_server_error)
        try:
            asyncio.run(serving)
        except BrokenPipeError:
            _log.error("The editor is gone.")
        except (KeyboardInterrupt, SystemExit):
            pass
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]


def create_server(
    settings: Source, make_engine: EngineFactory, unreadable: ConfigError | None = None
) -> CodeLlamaServer:
    """A server with the user's settings; editors add theirs when they connect.

    Settings that can't be used, or a file that could not be read, are told to the user once
    connected, and the defaults serve.
    """
    server = CodeLlamaServer(
        "codellama-lsp",
        __version__,
        text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        notebook_document_sync=types.NotebookDocumentSyncOptions(
            [types.NotebookDocumentFilterWithNotebook(notebook="*")]
        ),
        protocol_cls=CodeLlamaProtocol,
    )
    config, settings, complaints = _usable(settings)
    complaints += [unreadable] if unreadable else []
    set_level(config.log_level)
    session = Session(config, make_engine)
    assert isinstance(server.protocol, CodeLlamaProtocol)
    server.protocol.documents = session.documents
    server.protocol.prepare()
    status.register(server, session)
    configuration.register(server, session, settings, complaints)
    lifecycle.register(server, session, complaints)
    completion.register(server, session)
    copied.register(server, session)
    actions.register(server, session)
    return server


def _usable(settings: Source) -> tuple[Config, Source, list[ConfigError]]:
    """The settings, or the defaults and what is wrong with the settings."""
    try:
        return merge(settings), settings, []
    except ConfigError as error:
        defaults = Source("defaults", {})
        return merge(defaults), defaults, [error]
