"""textDocument/inlineCompletion, and textDocument/completion for editors without it.

An editor may also tell where the cursor rests, by the notification `codellama/cursor` with the
parameters {textDocument: {uri}, position}: LSP has none for that, and the first key at a new place
waits until the code around it was read.
"""

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_server.completion.menu import menu_entry
from lsp_server.completion.trigger import is_wanted
from lsp_server.config import Config
from lsp_server.context.notebook import NotebookView, notebook_view
from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot, Edit
from lsp_server.errors import CodeLlamaError, EngineError, EngineGone, EngineRefused, NotCapable
from lsp_server.handlers.messages import show_error
from lsp_server.handlers.protocol import positions_of
from lsp_server.session import Session

if TYPE_CHECKING:
    from lsp_server.completion.completer import Completer
    from lsp_server.statistics.counter import Trigger

_log = logging.getLogger(__name__)

CURSOR = "codellama/cursor"

_ACCEPTED = "codellama.accepted"


def register(server: LanguageServer, session: Session) -> None:
    completions = Completions(server, session)

    # The options must be given, or nothing is advertised.
    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(
        params: types.InlineCompletionParams,
    ) -> types.InlineCompletionList | None:
        return await completions.inline(params)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())
    async def completion(params: types.CompletionParams) -> types.CompletionList | None:
        return await completions.menu(params) if completions.menu_is_on() else None

    @server.command(_ACCEPTED)
    async def accepted(number: Any = None, part: Any = None) -> None:
        """With any second argument a beginning of it was accepted."""
        if session.outcomes and isinstance(number, int):
            session.outcomes.accepted(number, partly=part is not None)

    @server.feature(CURSOR)
    def cursor(params: Any) -> None:
        completions.cursor_rests(
            params.textDocument.uri, types.Position(params.position.line, params.position.character)
        )


class Completions:
    """Answers with the newest document's suggestion, or null: never with a stale one."""

    def __init__(self, server: LanguageServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._completer: Completer | None = None
        self._told = False

    async def inline(
        self, params: types.InlineCompletionParams
    ) -> types.InlineCompletionList | None:
        invoked = params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked
        asked_of = self._session.documents.get(params.text_document.uri)
        found = await self._suggest(params, several=invoked)
        if found is None:
            return self._nothing(params, asked_of)
        snapshot, edits = found
        command = self._counted(snapshot, edits, "invoked" if invoked else "typing")
        items = [
            types.InlineCompletionItem(
                insert_text=edit.text,
                range=self._positions.range(snapshot, edit.start, edit.end),
                command=command,
            )
            for edit in edits
        ]
        return types.InlineCompletionList(items=items)

    def cursor_rests(self, uri: str, position: types.Position) -> None:
        """Idle time may be used to read the code here, before the first key."""
        found = self._where(uri, position)
        if found:
            _, completer, view, offset = found
            completer.rest_at(view.snapshot, offset, self._session.config)

    async def menu(self, params: types.CompletionParams) -> types.CompletionList | None:
        found = await self._suggest(params)
        if found is None:
            return None
        snapshot, edits = found
        edit = edits[0]
        entry = menu_entry(snapshot, edit)
        item = types.CompletionItem(
            label=entry.label,
            # Not Snippet: Helix would take the text for one, and expand its dollars.
            kind=types.CompletionItemKind.Text,
            insert_text_format=types.InsertTextFormat.PlainText,
            insert_text_mode=types.InsertTextMode.AsIs,
            detail="Code Llama",
            documentation=entry.edit.text,
            filter_text=entry.filter_text,
            sort_text=" ",
            text_edit=types.TextEdit(
                self._positions.range(snapshot, entry.edit.start, entry.edit.end), entry.edit.text
            ),
            command=self._counted(snapshot, edits, "menu"),
        )
        return types.CompletionList(is_incomplete=True, items=[item])

    def _counted(
        self, snapshot: DocumentSnapshot, edits: list[Edit], trigger: "Trigger"
    ) -> types.Command | None:
        """Count edits as shown, all at the cursor; the command that tells that one was accepted."""
        if not self._session.config.completion.statistics:
            return None
        number = self._session.count_outcomes().show(snapshot, edits[0].start, edits, trigger)
        return types.Command(title="Accepted", command=_ACCEPTED, arguments=[number])

    def _nothing(
        self, params: types.InlineCompletionParams, asked_of: DocumentSnapshot | None
    ) -> types.InlineCompletionList | None:
        """Null. Neovim's own inline completion goes on showing what it has then, which is right
        only while one types through it: where nothing was typed it gets an empty list."""
        now = self._session.documents.get(params.text_document.uri)
        neovim_shows_an_old_one = self._session.client_name == "Neovim" and now is asked_of
        return types.InlineCompletionList(items=[]) if neovim_shows_an_old_one else None

    def menu_is_on(self) -> bool:
        """By the setting; `auto` is on for clients that have no inline completion."""
        setting = self._session.config.completion.items
        if setting != "auto":
            return setting == "on"
        document = self._server.client_capabilities.text_document
        return not (document and document.inline_completion)

    @property
    def _positions(self) -> Positions:
        return positions_of(self._server.protocol)

    async def _suggest(
        self, params: types.InlineCompletionParams | types.CompletionParams, several: bool = False
    ) -> tuple[DocumentSnapshot, list[Edit]] | None:
        """The document and at least one edit; with `several` all that there are to choose from."""
        session = self._session
        found = self._where(params.text_document.uri, params.position)
        if found is None:
            return None
        snapshot, completer, view, offset = found
        at = (view.snapshot, offset, session.config)
        work = completer.several(*at) if several else self._one(completer, *at)
        try:
            async with session.status.thinking():
                edits = await session.newest.run(snapshot.uri, work)
        except (EngineError, NotCapable) as error:
            self._tell_once(error)
            return None
        self._told = False
        if not edits or not session.documents.is_current(snapshot):
            return None
        return snapshot, [
            Edit(view.in_cell(edit.start), view.in_cell(edit.end), edit.text) for edit in edits
        ]

    def _where(
        self, uri: str, position: types.Position
    ) -> "tuple[DocumentSnapshot, Completer, NotebookView, int] | None":
        """The document, what completes it, and the place in what is shown of it; None where nothing
        is to be completed, or not yet."""
        session = self._session
        snapshot = session.documents.get(uri)
        if snapshot is None or not is_wanted(snapshot, session.config):
            return None
        completer = self._current_completer()
        if completer is None:
            return None
        view = notebook_view(session.documents, uri) or NotebookView(snapshot, 0)
        return snapshot, completer, view, view.offset(self._positions.offset(snapshot, position))

    async def _one(
        self, completer: "Completer", snapshot: DocumentSnapshot, offset: int, config: Config
    ) -> list[Edit]:
        edit = await completer.complete(snapshot, offset, config, self._client_debounces())
        return [edit] if edit else []

    def _client_debounces(self) -> bool:
        """Neovim's own inline completion waits 200 ms before it asks."""
        client = self._session.client_name
        return self._session.config.completion.debounce == "off" or client == "Neovim"

    def _tell_once(self, error: CodeLlamaError) -> None:
        """Completions fail silently, but an engine that keeps dying, or refuses, is told, once
        until it works again."""
        _log.warning("No completion: %s", type(error).__name__)
        if isinstance(error, (EngineGone, EngineRefused)) and not self._told:
            self._told = True
            show_error(self._server, error)

    def _current_completer(self) -> "Completer | None":
        """The completer of the loaded engine, None while there is none. Its rooms are imported
        when the engine is there: a start is to be quick."""
        engine, info = self._session.ready_engine, self._session.engine_info
        if engine is None or info is None:
            return None
        if self._completer is None or self._completer.engine is not engine:
            from lsp_server.completion.completer import Completer

            self._completer = Completer(engine, info, self._session.related)
        return self._completer
