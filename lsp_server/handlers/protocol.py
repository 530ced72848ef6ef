"""textDocument/didOpen, didChange, didClose and workspace/executeCommand: four of pygls' own
handlers, replaced.

Documents live in our own store: pygls' own splits lines at form feeds and U+2028, which puts
later edits on the wrong line, and changes under an `await`. And pygls does not pass a cancellation
on to a command, nor answers a command that was cancelled.
"""

import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot, DocumentStore

_log = logging.getLogger(__name__)


class CodeLlamaProtocol(LanguageServerProtocol):
    """The language server protocol with our document store and cancellable commands."""

    documents: DocumentStore

    def positions(self) -> Positions:
        """Conversions in the encoding that was agreed with the client."""
        return Positions(self.workspace.position_encoding or types.PositionEncodingKind.Utf16)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        self.documents.open(DocumentSnapshot(item.uri, item.version, item.language_id, item.text))

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        for change in params.content_changes:
            snapshot = self.documents.get(uri)
            if snapshot is None:
                _log.warning("A change came for a document that is not open.")
                return
            text = self.positions().apply_change(snapshot, change)
            self.documents.replace_text(uri, version, text)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.documents.close(params.text_document.uri)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> Any:
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}.")
        return await command(*(params.arguments or []))


def positions_of(protocol: object) -> Positions:
    """The server's agreed conversions."""
    assert isinstance(protocol, CodeLlamaProtocol)
    return protocol.positions()
