"""textDocument/codeAction, codeAction/resolve and workspace/executeCommand.

The menu is answered at once, without the model. The work is done when the user chooses: in
resolve where the client can, else by a command. Both get the same data (`action_requests.py`).
Each shipped action has its command, `codellama.fix`; the user's own, which come and go, share
`codellama.act`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lsp_server.actions.folders import ActionFolders, user_actions, workspace_actions
from lsp_server.actions.offers import Offer, offers
from lsp_server.actions.rebase import rebased
from lsp_server.actions.result import EditResult, PageResult
from lsp_server.actions.spoken import spoken_language
from lsp_server.actions.subject import Subject
from lsp_server.actions.templates import ActionTemplate
from lsp_server.completion.trigger import is_left_alone
from lsp_server.config import Config
from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot
from lsp_server.errors import AnswerError, CodeLlamaError
from lsp_server.handlers.action_requests import Requested, Requests
from lsp_server.handlers.messages import show_error, show_info
from lsp_server.handlers.pages import show_page
from lsp_server.handlers.protocol import positions_of
from lsp_server.handlers.writing import writing
from lsp_server.session import Session

_COMMAND_PREFIX = "codellama."
_ANY_ACTION = "act"


def register(server: LanguageServer, session: Session) -> None:
    actions = Actions(server, session)
    shipped = actions.folders.actions()
    kinds = {template.kind for template in actions.folders.actions([user_actions()]).values()}

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=sorted(kinds), resolve_provider=True),
    )
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        return actions.offered(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        if action.data is None:  # Neovim asks to resolve actions that are whole as they are
            return action
        result = await actions.perform(action.data)
        if result is not None:
            action.edit = result
        return action

    for name in shipped:
        _register_command(server, actions, name, {"action": name})
    _register_command(server, actions, _ANY_ACTION, {})


def _register_command(
    server: LanguageServer, actions: "Actions", name: str, meant: dict[str, str]
) -> None:
    @server.command(_COMMAND_PREFIX + name)
    async def command(request: Any = None) -> None:
        asked = request if isinstance(request, dict) else {}
        edit = await actions.perform({**asked, **meant})
        if edit is not None:
            await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit))


class Actions:
    """Offers actions and performs the chosen one."""

    def __init__(self, server: LanguageServer, session: Session) -> None:
        self.folders = ActionFolders()
        self._server = server
        self._session = session
        self._shipped = frozenset(self.folders.actions())
        self._requests = Requests(session.documents, server.protocol._converter)

    @property
    def _positions(self) -> Positions:
        return positions_of(self._server.protocol)

    def _templates(self) -> Mapping[str, ActionTemplate]:
        """The actions there are now. What is wrong with a file is told once."""
        folders = [Path(p) for p in map(to_fs_path, self._server.workspace.folders) if p]
        if not folders and self._server.workspace.root_path:
            folders = [Path(self._server.workspace.root_path)]
        allowed = self._session.config.actions.allowed_folders
        found = self.folders.actions([*workspace_actions(folders, allowed), user_actions()])
        for problem in self.folders.take_problems():
            show_error(self._server, problem)
        return found

    def offered(self, params: types.CodeActionParams) -> list[types.CodeAction] | None:
        """The menu's entries."""
        snapshot = self._session.documents.get(params.text_document.uri)
        if snapshot is None or is_left_alone(snapshot, self._session.config):
            return None
        self._requests.keep(snapshot)
        positions, templates = self._positions, self._templates()
        diagnostics = {
            self._requests.diagnostic(positions, snapshot, d): d for d in params.context.diagnostics
        }
        start = positions.offset(snapshot, params.range.start)
        end = positions.offset(snapshot, params.range.end)
        return [
            self._code_action(
                templates[offer.action],
                snapshot,
                offer,
                [diagnostics[d] for d in offer.diagnostics],
            )
            for offer in offers(templates, snapshot, start, end, list(diagnostics))
            if _is_asked_for(offer.kind, params.context.only)
        ]

    def _code_action(
        self,
        template: ActionTemplate,
        snapshot: DocumentSnapshot,
        offer: Offer,
        diagnostics: list[types.Diagnostic],
    ) -> types.CodeAction:
        data = self._requests.data(self._positions, snapshot, offer, diagnostics)
        action = types.CodeAction(title=offer.title, kind=offer.kind)
        if offer.kind == types.CodeActionKind.QuickFix and diagnostics:
            action.diagnostics = diagnostics
        if template.edits and self._client_resolves_edits():
            action.data = data
        else:
            name = offer.action if offer.action in self._shipped else _ANY_ACTION
            action.command = types.Command(
                title=offer.title, command=_COMMAND_PREFIX + name, arguments=[data]
            )
        return action

    def _client_resolves_edits(self) -> bool:
        """Helix says so too, but its window stands still until the answer is there."""
        if self._session.client_name == "helix":
            return False
        document = self._server.client_capabilities.text_document
        support = document and document.code_action and document.code_action.resolve_support
        return bool(support and "edit" in support.properties)

    async def perform(self, request: Any) -> types.WorkspaceEdit | None:
        """Do what a request asks; the edit, or None where a page or a message was the answer.

        The user's cancel button and `$/cancelRequest` both end it, and the engine's work with it.
        """
        try:
            asked = self._requests.understand(self._positions, request, self._templates())
            if is_left_alone(asked.snapshot, self._session.config):
                raise AnswerError(
                    "This file is one of those that no model is shown.",
                    "files in your settings says which these are.",
                )
            result = await self._run(asked)
            if isinstance(result, EditResult):
                return await self._edit(asked, result)
            if result:
                await show_page(self._server, result)
        except CodeLlamaError as error:
            show_error(self._server, error)
        return None

    async def _run(self, asked: Requested) -> EditResult | PageResult | None:
        """The result; None where it is a page that has been shown already."""
        engine = await self._session.begun_engine()
        if engine is None:
            raise AnswerError(
                "No model is loaded.", "The first message after the start said why and what to do."
            )
        offer, template = asked.offer, asked.template
        where = Subject(asked.snapshot, offer.start, offer.end).where
        page_title = None if template.edits else f"{template.title}: {where}"
        title = f"Code Llama: {offer.title}"
        async with (
            self._session.status.thinking(),
            writing(self._server, title, page_title) as seen,
        ):
            from lsp_server.actions.run import run  # when it is needed: a start is to be quick

            result = await run(
                offer,
                template,
                asked.snapshot,
                engine,
                self._config(),
                seen.on_text,
                asked.instruction,
                seen.on_retry,
            )
            shown = isinstance(result, PageResult) and seen.end(result)
            return None if shown else result

    def _config(self) -> Config:
        """The settings, with the language that answers are written in."""
        config = self._session.config
        spoken = spoken_language(config.actions.language, self._session.locale)
        return attrs.evolve(config, actions=attrs.evolve(config.actions, language=spoken))

    async def _edit(self, asked: Requested, result: EditResult) -> types.WorkspaceEdit | None:
        """The edit of the document as it is now; the code on a page where its place is gone."""
        snapshot, edits = self._session.documents.get(asked.snapshot.uri), None
        if snapshot:
            edits = rebased(result.edits, asked.snapshot, snapshot, result.first, result.last)
        if snapshot is None or edits is None:
            reason = "The document changed while the answer was written."
            await show_page(self._server, result.draft.page(reason))
            return None
        if result.warning:
            show_info(self._server, result.warning)
        workspace = self._server.client_capabilities.workspace
        known = workspace and workspace.workspace_edit
        if not (known and known.document_changes):
            return self._positions.plain_edit(snapshot, edits)
        edit = self._positions.versioned_edit(snapshot, edits)
        confirms = known.change_annotation_support and self._session.config.actions.confirm_edits
        return _to_confirm(edit, result) if confirms else edit


def _to_confirm(edit: types.WorkspaceEdit, result: EditResult) -> types.WorkspaceEdit:
    """The edit marked as one to look at before it is made."""
    note = types.ChangeAnnotation(
        label=result.draft.title, needs_confirmation=True, description="Written by a model"
    )
    changes: list[Any] = [
        types.TextDocumentEdit(
            change.text_document,
            [types.AnnotatedTextEdit("codellama", e.range, e.new_text) for e in change.edits],  # type: ignore[union-attr]
        )
        for change in edit.document_changes or ()
        if isinstance(change, types.TextDocumentEdit)
    ]
    return types.WorkspaceEdit(document_changes=changes, change_annotations={"codellama": note})


def _is_asked_for(kind: str, only: Any) -> bool:
    """Whether a kind is one of those that the client filters by; a kind includes its children."""
    return not only or any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in only)
