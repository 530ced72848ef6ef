"""textDocument/codeAction, codeAction/resolve and workspace/executeCommand.

The menu is answered at once, without the model. The work is done when the user chooses: in
resolve where the client can, else by a command. Both get the same request as their data:

    {"action": "fix", "uri": ..., "version": 3, "range": {...}, "diagnostics": [...]}

so an editor's key map may call a command with what it has; `version` and `diagnostics` may be left
out.
"""

from typing import Any

from cattrs.errors import BaseValidationError
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_server.actions.offers import Offer, offers
from lsp_server.actions.run import EditResult, PageResult, run
from lsp_server.actions.templates import ActionTemplate, load_templates
from lsp_server.completion.trigger import is_excluded
from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot
from lsp_server.errors import AnswerError, CodeLlamaError
from lsp_server.handlers.messages import show_error, show_info
from lsp_server.handlers.pages import show_page
from lsp_server.handlers.progress import progress
from lsp_server.handlers.protocol import positions_of
from lsp_server.session import Session

_COMMAND_PREFIX = "codellama."


def register(server: LanguageServer, session: Session) -> None:
    templates = load_templates()
    actions = Actions(server, session, templates)
    kinds = sorted({template.kind for template in templates.values()})

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=kinds, resolve_provider=True),
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

    for name in templates:
        _register_command(server, actions, name)


def _register_command(server: LanguageServer, actions: "Actions", name: str) -> None:
    @server.command(_COMMAND_PREFIX + name)
    async def command(request: Any = None) -> None:
        asked = request if isinstance(request, dict) else {}
        edit = await actions.perform({**asked, "action": name})
        if edit is not None:
            await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit))


class Actions:
    """Offers actions and performs the chosen one."""

    def __init__(
        self, server: LanguageServer, session: Session, templates: dict[str, ActionTemplate]
    ) -> None:
        self._server = server
        self._session = session
        self._templates = templates
        self._converter = server.protocol._converter

    @property
    def _positions(self) -> Positions:
        return positions_of(self._server.protocol)

    def offered(self, params: types.CodeActionParams) -> list[types.CodeAction] | None:
        """The menu's entries."""
        snapshot = self._session.documents.get(params.text_document.uri)
        if snapshot is None or is_excluded(snapshot.uri, self._session.config):
            return None
        diagnostics = {
            self._positions.diagnostic(snapshot, d): d for d in params.context.diagnostics
        }
        start = self._positions.offset(snapshot, params.range.start)
        end = self._positions.offset(snapshot, params.range.end)
        return [
            self._code_action(snapshot, offer, [diagnostics[d] for d in offer.diagnostics])
            for offer in offers(self._templates, snapshot, start, end, list(diagnostics))
            if _is_asked_for(offer.kind, params.context.only)
        ]

    def _code_action(
        self, snapshot: DocumentSnapshot, offer: Offer, diagnostics: list[types.Diagnostic]
    ) -> types.CodeAction:
        request = {
            "action": offer.action,
            "uri": snapshot.uri,
            "version": snapshot.version,
            "range": self._converter.unstructure(
                self._positions.range(snapshot, offer.start, offer.end)
            ),
            "diagnostics": self._converter.unstructure(diagnostics),
        }
        action = types.CodeAction(title=offer.title, kind=offer.kind)
        if offer.kind == types.CodeActionKind.QuickFix and diagnostics:
            action.diagnostics = diagnostics
        if self._templates[offer.action].edits and self._client_resolves_edits():
            action.data = request
        else:
            action.command = types.Command(
                title=offer.title, command=_COMMAND_PREFIX + offer.action, arguments=[request]
            )
        return action

    def _client_resolves_edits(self) -> bool:
        document = self._server.client_capabilities.text_document
        support = document and document.code_action and document.code_action.resolve_support
        return bool(support and "edit" in support.properties)

    async def perform(self, request: Any) -> types.WorkspaceEdit | None:
        """Do what a request asks; the edit, or None where a page or a message was the answer.

        The user's cancel button and `$/cancelRequest` both end it, and the engine's work with it.
        """
        try:
            snapshot, offer = self._understand(request)
            result = await self._run(snapshot, offer, str(request.get("instruction") or ""))
            if isinstance(result, PageResult):
                await show_page(self._server, result.title, result.markdown)
                return None
            return self._checked_edit(snapshot, result)
        except CodeLlamaError as error:
            show_error(self._server, error)
            return None

    async def _run(
        self, snapshot: DocumentSnapshot, offer: Offer, instruction: str
    ) -> EditResult | PageResult:
        engine = self._session.engine
        if engine is None:
            raise AnswerError(
                "No model is loaded.", "The first message after the start said why and what to do."
            )
        template = self._templates[offer.action]
        async with progress(self._server, f"Code Llama: {offer.title}", cancellable=True) as report:
            words = 0

            def on_text(piece: str) -> None:
                nonlocal words
                words += 1
                if words % 8 == 0:
                    report(f"{words} tokens")

            return await run(
                offer, template, snapshot, engine, self._session.config, on_text, instruction
            )

    def _understand(self, request: Any) -> tuple[DocumentSnapshot, Offer]:
        """The document and the action that a request's data means. Raises AnswerError."""
        try:
            template = self._templates[request["action"]]
            snapshot = self._session.documents.get(request["uri"])
            range_ = self._converter.structure(request["range"], types.Range)
            diagnostics = self._converter.structure(
                request.get("diagnostics") or [], list[types.Diagnostic]
            )
        except (KeyError, TypeError, AttributeError, BaseValidationError) as error:
            raise AnswerError(
                "The editor asked for an action in a way that is not understood.",
                'Needed: {"uri": ..., "range": {"start": ..., "end": ...}}.',
            ) from error
        if snapshot is None:
            raise AnswerError("The document is not open any more.")
        if request.get("version") not in (None, snapshot.version):
            raise AnswerError("The document changed meanwhile.", "Choose the action again.")
        positions = self._positions
        return snapshot, Offer(
            template.name,
            template.title,
            template.kind,
            positions.offset(snapshot, range_.start),
            positions.offset(snapshot, range_.end),
            tuple(positions.diagnostic(snapshot, d) for d in diagnostics),
        )

    def _checked_edit(self, snapshot: DocumentSnapshot, result: EditResult) -> types.WorkspaceEdit:
        if not self._session.documents.is_current(snapshot):
            raise AnswerError(
                "The document changed while the answer was written, so nothing was edited.",
                "Choose the action again.",
            )
        if result.warning:
            show_info(self._server, result.warning)
        return self._positions.versioned_edit(snapshot, result.edits)


def _is_asked_for(kind: str, only: Any) -> bool:
    """Whether a kind is one of those that the client filters by; a kind includes its children."""
    return not only or any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in only)
