"""Positions and edits as an editor computes them: lines by the protocol's line ends, columns in
UTF-16 code units. On purpose not the server's own code, whose mistakes this must not share."""

import re

from lsprotocol import types


def position_at(text: str, offset: int) -> types.Position:
    """The protocol's position of an offset in code points."""
    before = re.split(r"\r\n|\r|\n", text[:offset])
    return types.Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)


def offset_at(text: str, position: types.Position) -> int:
    """The offset in code points. Raises ValueError for a position that the text doesn't have:
    a server that sends one has a mistake."""
    ends = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    if position.line >= len(ends):
        raise ValueError(f"there is no line {position.line}")
    start = ends[position.line]
    line = re.split(r"[\r\n]", text[start:], maxsplit=1)[0].encode("utf-16-le")
    if position.character * 2 > len(line):
        raise ValueError(f"line {position.line} has no column {position.character}")
    return start + len(line[: position.character * 2].decode("utf-16-le"))


def edited(text: str, edit: types.WorkspaceEdit) -> str:
    """The text after an editor has made the edit, which is of this document alone."""
    (change,) = edit.document_changes or ()
    if not isinstance(change, types.TextDocumentEdit):
        raise ValueError("the edit is of files")
    spans = [
        (offset_at(text, e.range.start), offset_at(text, e.range.end), e.new_text)
        for e in change.edits
        if not isinstance(e, types.SnippetTextEdit)
    ]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def accept(text: str, item: types.InlineCompletionItem) -> str:
    """The text after an editor has inserted the suggestion exactly as it came."""
    if item.range is None:
        raise ValueError("the suggestion has no range")
    start, end = offset_at(text, item.range.start), offset_at(text, item.range.end)
    new = item.insert_text
    return text[:start] + (new if isinstance(new, str) else new.value) + text[end:]
