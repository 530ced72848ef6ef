"""A cursor at the very start of a line of code, where what is written is a line of its own."""

import re
from dataclasses import replace

from lsp_server.context.brackets import scan
from lsp_server.context.languages import language_of
from lsp_server.documents import DocumentSnapshot

_HAS_WORDS = re.compile(r"\w")


def with_opened_line(snapshot: DocumentSnapshot, offset: int) -> DocumentSnapshot | None:
    """The document with an empty line at the cursor, where that stands before a line of code;
    None elsewhere. Nobody writes code into the start of a line; the model would join the two."""
    line = snapshot.line_of(offset)
    if snapshot.line_starts[line] != offset:
        return None
    code = snapshot.line(line)
    language = language_of(snapshot.language, snapshot.uri)
    if not _HAS_WORDS.search(code) or scan(code, language, ()).stray:
        return None
    text = snapshot.text[:offset] + snapshot.newline + snapshot.text[offset:]
    return replace(snapshot, text=text)
