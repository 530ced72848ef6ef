"""A text editor reduced to what a language server sees of it: a small LSP client.

It starts the server over stdio, keeps the text and the version of each open file, types, asks for
inline completions and code actions, and applies the edits that come back.
"""

import asyncio
import collections
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from buffer import Buffer, EditorError, NoCompletion
from cattrs import Converter
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter
from pygls.uris import to_fs_path

REQUEST_TIMEOUT_S = 120.0
LANGUAGE_IDS = {".py": "python", ".ts": "typescript", ".c": "c"}
CAPABILITIES = lsp.ClientCapabilities(
    window=lsp.WindowClientCapabilities(
        work_done_progress=True,
        show_document=lsp.ShowDocumentClientCapabilities(support=True),
    ),
    workspace=lsp.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=lsp.WorkspaceEditClientCapabilities(document_changes=True),
    ),
    text_document=lsp.TextDocumentClientCapabilities(
        inline_completion=lsp.InlineCompletionClientCapabilities(),
        code_action=lsp.CodeActionClientCapabilities(
            data_support=True,
            resolve_support=lsp.ClientCodeActionResolveOptions(properties=["edit"]),
            code_action_literal_support=lsp.ClientCodeActionLiteralOptions(
                lsp.ClientCodeActionKindOptions(value_set=["quickfix", "refactor"])
            ),
        ),
    ),
)

Answer = TypeVar("Answer")


class Editor(LanguageClient):
    """One editor window with its language server. `log` is what the server last wrote."""

    def __init__(self) -> None:
        super().__init__("codellama-lsp-example", "1", converter_factory=converter)
        self.buffers: dict[str, Buffer] = {}
        self.log: collections.deque[str] = collections.deque(maxlen=20)
        self.pages: asyncio.Queue[str] = asyncio.Queue()
        self.loading: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.feature(lsp.WINDOW_WORK_DONE_PROGRESS_CREATE)(_agree)
        self.feature(lsp.CLIENT_REGISTER_CAPABILITY)(_agree)
        self.feature(lsp.PROGRESS)(_on_progress)
        self.feature(lsp.WINDOW_SHOW_MESSAGE)(_on_message)
        self.feature(lsp.WINDOW_LOG_MESSAGE)(_on_log_message)
        self.feature(lsp.WINDOW_SHOW_DOCUMENT)(_on_show_document)
        self.feature(lsp.WORKSPACE_APPLY_EDIT)(_on_apply_edit)

    # The server's life

    async def start(self, folder: Path, settings: dict[str, Any] | None = None) -> None:
        """Start the server; `settings` has the keys of config.example.yaml."""
        await self.start_io(sys.executable, "-m", "lsp_server", "serve")
        self._async_tasks.append(asyncio.create_task(self._read_stderr()))
        await answered(
            self.initialize_async(
                lsp.InitializeParams(
                    CAPABILITIES,
                    process_id=os.getpid(),
                    workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)],
                    initialization_options=settings,
                )
            )
        )
        self.initialized(lsp.InitializedParams())

    async def _read_stderr(self) -> None:
        # A server whose stderr nobody reads stops when the pipe is full.
        server = self._server
        while server and server.stderr and (chunk := await server.stderr.read(4096)):
            self.log.extend(chunk.decode(errors="replace").splitlines())

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        if not self.loading.done():
            self.loading.set_result("the server ended before its model was loaded")

    async def model_loaded(self) -> None:
        """The server loads its model behind its first work-done progress: wait for its end."""
        if problem := await answered(self.loading):
            raise EditorError(problem)

    async def quit(self) -> None:
        await answered(self.shutdown_async(None))
        self.exit(None)
        stop: Awaitable[None] = self.stop()  # type: ignore[no-untyped-call]
        await answered(stop, within=10)

    # Files

    def open(self, path: Path) -> Buffer:
        buffer = Buffer(path.resolve(), path.read_text(encoding="utf-8"))
        self.buffers[buffer.uri] = buffer
        document = lsp.TextDocumentItem(
            buffer.uri, LANGUAGE_IDS[path.suffix], buffer.version, buffer.text
        )
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        return buffer

    def type(self, buffer: Buffer, offset: int, typed: str) -> None:
        """Insert `typed` at the offset, as one incremental change."""
        text = buffer.text[:offset] + typed + buffer.text[offset:]
        here = buffer.range(offset, offset)
        self._changed(buffer, text, lsp.TextDocumentContentChangePartial(here, typed))

    def replace(self, buffer: Buffer, text: str) -> None:
        self._changed(buffer, text, lsp.TextDocumentContentChangeWholeDocument(text))

    def _changed(
        self, buffer: Buffer, text: str, change: lsp.TextDocumentContentChangeEvent
    ) -> None:
        buffer.text, buffer.version = text, buffer.version + 1
        document = lsp.VersionedTextDocumentIdentifier(buffer.version, buffer.uri)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def close(self, buffer: Buffer) -> None:
        del self.buffers[buffer.uri]
        self.text_document_did_close(lsp.DidCloseTextDocumentParams(buffer.identifier))

    # Completions and code actions

    async def completion(self, buffer: Buffer, offset: int) -> lsp.TextEdit:
        """The inline completion at the offset, as the edit that accepting it makes.

        Raises NoCompletion where the server has none, which is no error.
        """
        context = lsp.InlineCompletionContext(lsp.InlineCompletionTriggerKind.Invoked)
        answer = await answered(
            self.text_document_inline_completion_async(
                lsp.InlineCompletionParams(context, buffer.identifier, buffer.position(offset))
            )
        )
        items = answer.items if isinstance(answer, lsp.InlineCompletionList) else answer
        if not items:
            raise NoCompletion("the server had no completion")
        item = items[0]
        text = item.insert_text if isinstance(item.insert_text, str) else item.insert_text.value
        return lsp.TextEdit(item.range or buffer.range(offset, offset), text)

    async def menu(
        self, buffer: Buffer, selection: lsp.Range, diagnostics: list[lsp.Diagnostic]
    ) -> list[lsp.CodeAction]:
        """The code actions for a selection: what is behind the light bulb."""
        context = lsp.CodeActionContext(diagnostics)
        answer = await answered(
            self.text_document_code_action_async(
                lsp.CodeActionParams(buffer.identifier, selection, context)
            )
        )
        return [action for action in answer or [] if isinstance(action, lsp.CodeAction)]

    async def perform(self, action: lsp.CodeAction) -> None:
        """Do what an editor does with the entry that was chosen: its edit, then its command."""
        if action.edit is None and action.command is None:
            action = await answered(self.code_action_resolve_async(action))
        if action.edit is not None:
            self.apply(action.edit)
        if action.command is not None:
            command = lsp.ExecuteCommandParams(action.command.command, action.command.arguments)
            await answered(self.workspace_execute_command_async(command))

    def apply(self, edit: lsp.WorkspaceEdit) -> None:
        """Apply an edit of open files, all of it or nothing. Raises EditorError."""
        for uri, text in self._texts_after(edit).items():
            self.replace(self.buffers[uri], text)

    def _texts_after(self, edit: lsp.WorkspaceEdit) -> dict[str, str]:
        """The new text of every file in the edit. Raises EditorError if it fits none of ours."""
        texts = {}
        for change in edit.document_changes or []:
            if not isinstance(change, lsp.TextDocumentEdit):
                raise EditorError(f"this editor edits only text: {change}")
            buffer = self.buffers.get(change.text_document.uri)
            if buffer is None or change.text_document.version != buffer.version:
                raise EditorError(f"the edit is for another text: {change.text_document}")
            texts[buffer.uri] = buffer.with_edits(change.edits)
        if not texts:
            raise EditorError("the edit changes nothing")
        return texts

    async def page(self) -> str:
        """The text of the page that the server asked to show."""
        return read_page(await answered(self.pages.get(), within=5))


def converter() -> Converter:
    """pygls' own, but lsprotocol 2025.0.0 takes a code action that has a command for a command."""
    made: Converter = default_converter()  # type: ignore[no-untyped-call]

    def action_or_command(value: dict[str, Any], _type: type) -> Any:
        is_command = isinstance(value.get("command"), str)
        return made.structure(value, lsp.Command if is_command else lsp.CodeAction)

    made.register_structure_hook(lsp.Command | lsp.CodeAction, action_or_command)
    return made


async def answered(request: Awaitable[Answer], within: float = REQUEST_TIMEOUT_S) -> Answer:
    """The answer. Raises TimeoutError if it takes longer than `within` seconds."""
    return await asyncio.wait_for(request, within)


def read_page(uri: str) -> str:
    return Path(to_fs_path(uri) or "").read_text(encoding="utf-8")


# What the server asks of an editor. A handler gets the editor because its first parameter says so.


def _agree(_editor: Editor, _params: Any) -> None:
    """The answer is empty, and that means yes."""


def _on_progress(editor: Editor, params: lsp.ProgressParams) -> None:
    ended = params.value is not None and params.value["kind"] == "end"
    if ended and not editor.loading.done():
        editor.loading.set_result("")


def _on_message(editor: Editor, params: lsp.ShowMessageParams) -> None:
    editor.log.append(params.message)
    if params.type == lsp.MessageType.Error and not editor.loading.done():
        editor.loading.set_result(params.message)


def _on_log_message(editor: Editor, params: lsp.LogMessageParams) -> None:
    editor.log.append(params.message)


def _on_show_document(editor: Editor, params: lsp.ShowDocumentParams) -> lsp.ShowDocumentResult:
    editor.pages.put_nowait(params.uri)
    return lsp.ShowDocumentResult(success=True)


def _on_apply_edit(
    editor: Editor, params: lsp.ApplyWorkspaceEditParams
) -> lsp.ApplyWorkspaceEditResult:
    try:
        editor.apply(params.edit)
    except EditorError as error:
        return lsp.ApplyWorkspaceEditResult(applied=False, failure_reason=str(error))
    return lsp.ApplyWorkspaceEditResult(applied=True)
