"""textDocument/didOpen, didChange, didClose.

Documents live in our own store: pygls' own splits lines at form feeds and U+2028, which puts
later edits on the wrong line, and changes under an `await`. So its three handlers are replaced.
"""

import logging

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot, DocumentStore

_log = logging.getLogger(__name__)


class DocumentSyncProtocol(LanguageServerProtocol):
    """The language server protocol with our document store."""

    documents: DocumentStore

    @property
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
            text = self.positions.apply_change(snapshot, change)
            self.documents.replace_text(uri, version, text)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.documents.close(params.text_document.uri)


def positions_of(protocol: object) -> Positions:
    """The server's agreed conversions."""
    assert isinstance(protocol, DocumentSyncProtocol)
    return protocol.positions
