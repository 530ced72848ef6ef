"""A suggestion as an entry of the completion menu, for editors without inline completion."""

import re
from dataclasses import dataclass

from lsp_server.documents import DocumentSnapshot, Edit

_WORD_BEFORE = re.compile(r"\w*\Z")


@dataclass(frozen=True)
class MenuEntry:
    """`filter_text` is what the editor compares with the word typed so far."""

    label: str
    filter_text: str
    edit: Edit


def menu_entry(snapshot: DocumentSnapshot, edit: Edit) -> MenuEntry:
    """The entry replaces the word at the cursor by the word and what completes it: menus show
    and filter by whole words."""
    line_start = snapshot.line_starts[snapshot.line_of(edit.start)]
    match = _WORD_BEFORE.search(snapshot.text, line_start, edit.start)
    word = match.group() if match else ""
    text = word + edit.text
    lines = text.strip().splitlines() or [""]
    label = lines[0] + (" …" if len(lines) > 1 else "")
    return MenuEntry(label, word, Edit(edit.start - len(word), edit.end, text))
