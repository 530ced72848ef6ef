"""A notebook's cell among the other cells, as one text in their order.

What is no code in the cell's language, such as Markdown, stands there as comments.
"""

from dataclasses import dataclass, replace

from lsp_server.context.languages import language_of
from lsp_server.context.related.chunk import comment
from lsp_server.documents import Cell, DocumentSnapshot, DocumentStore

# IPython's own commands are no Python: `%time f()`, `!ls`.
_COMMANDS = ("%", "!", "?")


@dataclass(frozen=True)
class NotebookView:
    """`snapshot` is the whole notebook as one document with the cell's uri and version. The cell's
    text begins at `start` in it."""

    snapshot: DocumentSnapshot
    start: int

    def offset(self, offset: int) -> int:
        """The place in the view of an offset in the cell."""
        return self.start + offset

    def in_cell(self, offset: int) -> int:
        """The place in the cell of an offset in the view."""
        return offset - self.start


def notebook_view(store: DocumentStore, cell_uri: str) -> NotebookView | None:
    """The open cell with the cells before and after it; None where it belongs to no notebook."""
    cell, cells = store.get(cell_uri), store.cells_with(cell_uri)
    if cell is None or not cells:
        return None
    at = next(n for n, other in enumerate(cells) if other.uri == cell_uri)
    before = "".join(_shown(store, other, cell) for other in cells[:at])
    after = "".join(_shown(store, other, cell) for other in cells[at + 1 :])
    gap = cell.newline if after and not cell.text.endswith(("\n", "\r")) else ""
    text = before + cell.text + gap + after
    return NotebookView(replace(cell, text=text), len(before))


def _shown(store: DocumentStore, other: Cell, cell: DocumentSnapshot) -> str:
    """Another cell's lines, those that are no code of the cell's language as comments."""
    document = store.get(other.uri)
    if document is None or not document.text.strip():
        return ""
    language = language_of(cell.language, cell.uri)
    is_code = other.is_code and document.language == cell.language
    shown = [
        line if is_code and not line.lstrip().startswith(_COMMANDS) else comment(line, language)
        for line in document.text.splitlines()
    ]
    return cell.newline.join([*shown, ""])
