"""Between the protocol's positions and ours. UTF-16 lives here and nowhere else.

The protocol counts columns in UTF-16 code units (or UTF-8, UTF-32 where the client asked for it);
we count code points. A position past the end of a line or of the document means its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from lsp_server.actions.offers import Diagnostic
from lsp_server.documents import DocumentSnapshot, Edit

_CODECS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
_SEVERITIES = {
    types.DiagnosticSeverity.Error: "error",
    types.DiagnosticSeverity.Warning: "warning",
    types.DiagnosticSeverity.Information: "information",
    types.DiagnosticSeverity.Hint: "hint",
}


@dataclass(frozen=True)
class Positions:
    """Conversions in the position encoding that was agreed with the client."""

    encoding: types.PositionEncodingKind | str = types.PositionEncodingKind.Utf16

    def offset(self, snapshot: DocumentSnapshot, position: types.Position) -> int:
        """The offset of a position, clamped to the document."""
        if position.line >= snapshot.line_count:
            return len(snapshot.text)
        line = snapshot.line(position.line)
        return snapshot.line_starts[position.line] + self._column(line, position.character)

    def position(self, snapshot: DocumentSnapshot, offset: int) -> types.Position:
        line = snapshot.line_of(offset)
        before = snapshot.text[snapshot.line_starts[line] : offset]
        return types.Position(line, self._units(before))

    def range(self, snapshot: DocumentSnapshot, start: int, end: int) -> types.Range:
        return types.Range(self.position(snapshot, start), self.position(snapshot, end))

    def text_edits(self, snapshot: DocumentSnapshot, edits: Sequence[Edit]) -> list[types.TextEdit]:
        return [
            types.TextEdit(self.range(snapshot, edit.start, edit.end), edit.text) for edit in edits
        ]

    def versioned_edit(
        self, snapshot: DocumentSnapshot, edits: Sequence[Edit]
    ) -> types.WorkspaceEdit:
        """An edit that the client refuses when the document is no longer at this version."""
        document = types.OptionalVersionedTextDocumentIdentifier(
            uri=snapshot.uri, version=snapshot.version
        )
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(document, self.text_edits(snapshot, edits))]
        )

    def plain_edit(self, snapshot: DocumentSnapshot, edits: Sequence[Edit]) -> types.WorkspaceEdit:
        """The same for clients that don't know versions in edits."""
        return types.WorkspaceEdit(changes={snapshot.uri: self.text_edits(snapshot, edits)})

    def edit(
        self, snapshot: DocumentSnapshot, change: types.TextDocumentContentChangeEvent
    ) -> Edit:
        """One content change as an edit of the document."""
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return Edit(0, len(snapshot.text), change.text)
        start = self.offset(snapshot, change.range.start)
        end = max(start, self.offset(snapshot, change.range.end))
        return Edit(start, end, change.text)

    def diagnostic(self, snapshot: DocumentSnapshot, diagnostic: types.Diagnostic) -> Diagnostic:
        return Diagnostic(
            start=self.offset(snapshot, diagnostic.range.start),
            end=self.offset(snapshot, diagnostic.range.end),
            message=diagnostic.message,
            source=diagnostic.source or "",
            code=str(diagnostic.code) if diagnostic.code is not None else "",
            severity=_SEVERITIES.get(
                diagnostic.severity or types.DiagnosticSeverity.Error, "error"
            ),
        )

    def _column(self, line: str, units: int) -> int:
        """Code points before a column of so many units; a column inside a character means its
        start."""
        if line.isascii():
            return min(units, len(line))
        codec, width = _codec(self.encoding)
        data = line.encode(codec, "surrogatepass")[: units * width]
        if codec == "utf-16-le" and _ends_in_half_a_pair(line, data):
            data = data[:-2]
        errors = "ignore" if codec == "utf-8" else "surrogatepass"
        return len(data.decode(codec, errors))

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        codec, width = _codec(self.encoding)
        return len(text.encode(codec, "surrogatepass")) // width


def _codec(encoding: types.PositionEncodingKind | str) -> tuple[str, int]:
    return _CODECS[types.PositionEncodingKind(encoding)]


def _ends_in_half_a_pair(line: str, data: bytes) -> bool:
    """Whether UTF-16 data that was cut off a line ends in the first half of a character."""
    if len(data) < 2 or not 0xD8 <= data[-1] <= 0xDB:
        return False
    cut = len(data.decode("utf-16-le", "surrogatepass")) - 1
    return ord(line[cut]) > 0xFFFF
