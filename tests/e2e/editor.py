"""An editor for tests: a real LSP client that speaks to a real server process over stdio."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter

WITH_EVERYTHING = types.ClientCapabilities(
    window=types.WindowClientCapabilities(
        work_done_progress=True,
        show_document=types.ShowDocumentClientCapabilities(support=True),
    ),
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities(),
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"]),
            data_support=True,
        ),
    ),
    workspace=types.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
    ),
)
BARE = types.ClientCapabilities()


@dataclass
class Editor:
    """What an editor sees and does. Documents are kept as the client believes them to be."""

    client: LanguageClient
    messages: list[types.ShowMessageParams] = field(default_factory=list)
    shown: list[types.ShowDocumentParams] = field(default_factory=list)
    applied: list[types.WorkspaceEdit] = field(default_factory=list)
    grown: list[Any] = field(default_factory=list)
    """Pieces of pages, for clients that take codellama/page."""
    progress: list[Any] = field(default_factory=list)
    progress_tokens: list[Any] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    capabilities: types.ServerCapabilities | None = None
    ended: bool = False
    """Set by a test that ended the server itself."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def listen(self) -> None:
        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        async def show_message(params: types.ShowMessageParams) -> None:
            await self._record(self.messages, params)

        @self.client.feature(types.WINDOW_SHOW_DOCUMENT)
        async def show_document(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            await self._record(self.shown, params)
            return types.ShowDocumentResult(success=True)

        @self.client.feature("codellama/page")
        async def page(params: Any) -> None:
            await self._record(self.grown, params)

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        async def apply_edit(params: types.ApplyWorkspaceEditParams) -> Any:
            await self._record(self.applied, params.edit)
            return types.ApplyWorkspaceEditResult(applied=True)

        @self.client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        async def create_progress(params: types.WorkDoneProgressCreateParams) -> None:
            await self._record(self.progress_tokens, params.token)

        @self.client.feature("codellama/status")
        async def on_status(params: Any) -> None:
            await self._record(self.statuses, params._asdict())

        @self.client.feature(types.PROGRESS)
        async def on_progress(params: types.ProgressParams) -> None:
            await self._record(self.progress, params.value)

    async def until(self, holds: Any) -> None:
        """Wait until something that the server sent makes `holds()` true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(holds), 60)

    async def until_loaded(self) -> None:
        """Wait for the end of the progress that shows the model being loaded."""
        await self.until(lambda: any(_kind(value) == "end" for value in self.progress))

    async def until_asked(self) -> None:
        """Wait until a request has reached the engine double, which says so on standard error."""
        process = self.client._server
        assert process
        assert process.stderr
        line = b""
        while line != b"double: asked\n":
            line = await asyncio.wait_for(process.stderr.readline(), 60)
            assert line, "the server has ended"

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        self.texts[uri] = text
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, version, text))
        )

    def change(self, uri: str, version: int, *changes: tuple[int, int, int, int, str]) -> None:
        """Incremental changes: start line and column, end line and column, text."""
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version=version, uri=uri),
                [
                    types.TextDocumentContentChangePartial(range=range_at(*at), text=text)
                    for *at, text in changes
                ],
            )
        )

    def complete(
        self,
        uri: str,
        line: int,
        column: int,
        trigger: types.InlineCompletionTriggerKind = types.InlineCompletionTriggerKind.Automatic,
    ) -> "asyncio.Future[Any]":
        """textDocument/inlineCompletion, not awaited."""
        return asyncio.ensure_future(
            self.client.text_document_inline_completion_async(
                types.InlineCompletionParams(
                    context=types.InlineCompletionContext(trigger),
                    text_document=types.TextDocumentIdentifier(uri),
                    position=types.Position(line, column),
                )
            )
        )

    async def suggestion(self, uri: str, line: int, column: int) -> types.InlineCompletionItem:
        result = await asyncio.wait_for(self.complete(uri, line, column), 60)
        assert result is not None, "there is no suggestion"
        assert len(result.items) == 1
        return result.items[0]

    async def actions(
        self, uri: str, *at: int, diagnostics: Any = (), only: Any = None
    ) -> list[types.CodeAction]:
        """textDocument/codeAction on start line and column, end line and column."""
        result = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                range_at(*at),
                types.CodeActionContext(diagnostics=list(diagnostics), only=only),
            )
        )
        return list(result or [])

    async def execute(self, command: types.Command) -> None:
        """workspace/executeCommand of a code action."""
        await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=command.command, arguments=command.arguments)
        )

    async def _record(self, where: list[Any], what: Any) -> None:
        async with self._changed:
            where.append(what)
            self._changed.notify_all()


@asynccontextmanager
async def running_editor(
    *arguments: str,
    capabilities: types.ClientCapabilities = WITH_EVERYTHING,
    options: Any = None,
    folder: Path | None = None,
    name: str = "",
) -> AsyncIterator[Editor]:
    """An editor connected to `codellama-lsp serve` with the arguments; it leaves as editors do."""
    client = LanguageClient("test-editor", "1", converter_factory=_converter)
    editor = Editor(client)
    editor.listen()
    await client.start_io(sys.executable, "-m", "lsp_server", "serve", *arguments)
    result = await client.initialize_async(
        types.InitializeParams(
            capabilities=capabilities,
            client_info=types.ClientInfo(name) if name else None,
            root_uri=folder.as_uri() if folder else None,
            initialization_options=options,
        )
    )
    editor.capabilities = result.capabilities
    client.initialized(types.InitializedParams())
    try:
        yield editor
    finally:
        if not editor.ended:
            await asyncio.wait_for(client.shutdown_async(None), 30)
            client.exit(None)
            await client.stop()


def _converter() -> Any:
    """lsprotocol takes a code action that has a command for a bare command; this tells them
    apart."""
    converter = default_converter()
    converter.register_structure_hook(
        Union[types.Command, types.CodeAction],  # noqa: UP007
        lambda value, _: converter.structure(
            value, types.Command if isinstance(value.get("command"), str) else types.CodeAction
        ),
    )
    return converter


def range_at(line: int, column: int, end_line: int, end_column: int) -> types.Range:
    return types.Range(types.Position(line, column), types.Position(end_line, end_column))


def _kind(value: Any) -> str | None:
    return value["kind"] if isinstance(value, dict) else getattr(value, "kind", None)
