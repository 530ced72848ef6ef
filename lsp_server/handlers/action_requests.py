"""What a code action's data mean: which action, in which document, where.

    {"action": "fix", "uri": ..., "version": 3, "range": {...}, "diagnostics": [...],
     "instruction": ...}

Only `uri` and `range` must be there (and `action`, which a command says by its name), so an
editor's key map may call a command with what it has.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from cattrs import Converter
from cattrs.errors import BaseValidationError
from lsprotocol import types

from lsp_server.actions.offers import Diagnostic, Offer
from lsp_server.actions.rebase import moved_line
from lsp_server.actions.templates import ActionTemplate
from lsp_server.convert import Positions
from lsp_server.documents import DocumentSnapshot, DocumentStore
from lsp_server.errors import AnswerError

_KEPT_SNAPSHOTS = 16


@dataclass(frozen=True)
class Requested:
    """What is to be done."""

    template: ActionTemplate
    snapshot: DocumentSnapshot
    offer: Offer
    instruction: str


class Requests:
    """Turns offers into data and data back. It keeps the last documents that it saw offers for, so
    that an action chosen after more was typed is still about the same lines."""

    def __init__(self, documents: DocumentStore, converter: Converter) -> None:
        self._documents = documents
        self._converter = converter
        self._seen: OrderedDict[tuple[str, int], DocumentSnapshot] = OrderedDict()

    def keep(self, snapshot: DocumentSnapshot) -> None:
        self._seen[snapshot.uri, snapshot.version] = snapshot
        self._seen.move_to_end((snapshot.uri, snapshot.version))
        while len(self._seen) > _KEPT_SNAPSHOTS:
            self._seen.popitem(last=False)

    def data(
        self,
        positions: Positions,
        snapshot: DocumentSnapshot,
        offer: Offer,
        diagnostics: list[types.Diagnostic],
    ) -> dict[str, Any]:
        return {
            "action": offer.action,
            "uri": snapshot.uri,
            "version": snapshot.version,
            "range": self._converter.unstructure(positions.range(snapshot, offer.start, offer.end)),
            "diagnostics": self._converter.unstructure(diagnostics),
        }

    def understand(
        self, positions: Positions, request: Any, templates: Mapping[str, ActionTemplate]
    ) -> Requested:
        """Raises AnswerError for what makes no sense, or is about lines that are gone."""
        try:
            name, uri = str(request["action"]), str(request["uri"])
            range_ = self._converter.structure(request["range"], types.Range)
            diagnostics = self._converter.structure(
                request.get("diagnostics") or [], list[types.Diagnostic]
            )
            instruction = str(request.get("instruction") or "")
            version = request.get("version")
        except (KeyError, TypeError, AttributeError, BaseValidationError) as error:
            raise AnswerError(
                "The editor asked for an action in a way that is not understood.",
                'Needed: {"uri": ..., "range": {"start": ..., "end": ...}}.',
            ) from error
        if name not in templates:
            raise AnswerError(f"There is no action {name!r} (any more).", "Open the menu again.")
        snapshot = self._documents.get(uri)
        if snapshot is None:
            raise AnswerError("The document is not open any more.")
        asked_of = snapshot
        if version not in (None, snapshot.version):
            found = self._seen.get((uri, version))
            if found is None:
                raise AnswerError("The document changed meanwhile.", "Choose the action again.")
            asked_of = found
        template = templates[name]
        offer = Offer(
            name,
            template.title,
            template.kind,
            positions.offset(asked_of, range_.start),
            positions.offset(asked_of, range_.end),
            tuple(self.diagnostic(positions, asked_of, d) for d in diagnostics),
        )
        return Requested(template, snapshot, _moved(offer, asked_of, snapshot), instruction)

    def diagnostic(
        self, positions: Positions, snapshot: DocumentSnapshot, diagnostic: types.Diagnostic
    ) -> Diagnostic:
        """With what it says about other places: a line is quoted where its document is open."""
        related = tuple(self._place(place) for place in diagnostic.related_information or ())
        return replace(positions.diagnostic(snapshot, diagnostic), related=related)

    def _place(self, place: types.DiagnosticRelatedInformation) -> str:
        uri, line = place.location.uri, place.location.range.start.line
        name = unquote(urlsplit(uri).path).rsplit("/", 1)[-1] or uri
        document = self._documents.get(uri)
        known = document and line < document.line_count
        quoted = f" in the line `{document.line(line).strip()}`" if document and known else ""
        return f"{place.message} ({name}, line {line + 1}){quoted}"


def _moved(offer: Offer, old: DocumentSnapshot, new: DocumentSnapshot) -> Offer:
    """The offer in a newer document. Raises AnswerError where its lines are not the same."""
    if old is new:
        return offer
    start = min([offer.start, *(d.start for d in offer.diagnostics)])
    end = max([offer.end, *(d.end for d in offer.diagnostics)])
    first = old.line_of(start)
    line = moved_line(old, new, first, old.line_of(end))
    if line is None:
        raise AnswerError("The document changed meanwhile.", "Choose the action again.")
    by = new.line_starts[line] - old.line_starts[first]
    diagnostics = tuple(replace(d, start=d.start + by, end=d.end + by) for d in offer.diagnostics)
    return replace(offer, start=offer.start + by, end=offer.end + by, diagnostics=diagnostics)
