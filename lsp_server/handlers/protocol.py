"""textDocument/ and notebookDocument/didOpen, didChange, didClose, and workspace/executeCommand:
pygls' own handlers, replaced.

Documents live in our own store: pygls' own splits lines at form feeds and U+2028, which puts
later edits on the wrong line, and changes under an `await`. And pygls does not pass a cancellation
on to a command, nor answers a command that was cancelled.
"""

import logging
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp_server.convert import Positions
from lsp_server.documents import Cell, DocumentSnapshot, DocumentStore

_log = logging.getLogger(__name__)


class CodeLlamaProtocol(LanguageServerProtocol):
    """The language server protocol with our document store and cancellable commands."""

    documents: DocumentStore

    def prepare(self) -> None:
        """Make what reads `initialize`, before it comes."""
        self._converter.get_structure_hook(types.InitializeRequest)

    def positions(self) -> Positions:
        """Conversions in the encoding that was agreed with the client."""
        return Positions(self.workspace.position_encoding or types.PositionEncodingKind.Utf16)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self._open(params.text_document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._change(params.text_document, params.content_changes)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.documents.close(params.text_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        for item in params.cell_text_documents:
            self._open(item)
        self.documents.open_notebook(
            params.notebook_document.uri, map(_cell, params.notebook_document.cells)
        )

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> None:
        cells = params.change.cells
        if cells is None:
            return
        if cells.structure:
            self._change_cells(params.notebook_document.uri, cells.structure)
        for content in cells.text_content or ():
            self._change(content.document, content.changes)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(
        self, params: types.DidCloseNotebookDocumentParams
    ) -> None:
        self.documents.close_notebook(params.notebook_document.uri)
        for document in params.cell_text_documents:
            self.documents.close(document.uri)

    def _open(self, item: types.TextDocumentItem) -> None:
        self.documents.open(DocumentSnapshot(item.uri, item.version, item.language_id, item.text))

    def _change(
        self,
        document: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> None:
        for change in changes:
            snapshot = self.documents.get(document.uri)
            if snapshot is None:
                _log.warning("A change came for a document that is not open.")
                return
            edit = self.positions().edit(snapshot, change)
            self.documents.edit(document.uri, document.version, edit)

    def _change_cells(self, uri: str, structure: types.NotebookDocumentCellChangeStructure) -> None:
        array = structure.array
        for item in structure.did_open or ():
            self._open(item)
        self.documents.change_cells(
            uri, array.start, array.delete_count, map(_cell, array.cells or ())
        )
        for document in structure.did_close or ():
            self.documents.close(document.uri)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> Any:
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}.")
        return await command(*(params.arguments or []))


def _cell(cell: types.NotebookCell) -> Cell:
    return Cell(cell.document, cell.kind == types.NotebookCellKind.Code)


def positions_of(protocol: object) -> Positions:
    """The server's agreed conversions."""
    assert isinstance(protocol, CodeLlamaProtocol)
    return protocol.positions()
