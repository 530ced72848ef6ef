"""The text of an open file, in the protocol's terms: versions, UTF-16 positions, edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp


class EditorError(Exception):
    """The server answered something that an editor can't use."""


class NoCompletion(EditorError):
    """The server answered that it has no completion."""


@dataclass
class Buffer:
    """The text of an open file. `version` grows with every change, as the protocol asks."""

    path: Path
    text: str
    version: int = 1

    @property
    def uri(self) -> str:
        return self.path.as_uri()

    @property
    def identifier(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def position(self, offset: int) -> lsp.Position:
        """The line, and the UTF-16 code units before the offset in it, both from 0."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        units = len(self.text[line_start:offset].encode("utf-16-le")) // 2
        return lsp.Position(self.text.count("\n", 0, offset), units)

    def range(self, start: int, end: int) -> lsp.Range:
        return lsp.Range(self.position(start), self.position(end))

    def offset(self, position: lsp.Position) -> int:
        """The inverse of `position`. Raises EditorError for a line that the text does not have."""
        lines = self.text.split("\n")
        if position.line >= len(lines):
            raise EditorError(f"there is no line {position.line} in {self.path.name}")
        line_start = sum(len(line) + 1 for line in lines[: position.line])
        units = lines[position.line].encode("utf-16-le")[: 2 * position.character]
        return line_start + len(units.decode("utf-16-le"))

    def with_edits(self, edits: Sequence[Any]) -> str:
        """The text after the edits (lsp.TextEdit), whose ranges speak of the text before them."""
        text = self.text
        for edit in sorted(edits, key=lambda edit: self.offset(edit.range.start), reverse=True):
            start, end = self.offset(edit.range.start), self.offset(edit.range.end)
            text = text[:start] + edit.new_text + text[end:]
        return text
