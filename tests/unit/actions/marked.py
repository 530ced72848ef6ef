"""Documents in marked text: `«` and `»` around the selection, `‸` for a cursor."""

from lsp_server.documents import DocumentSnapshot


def marked(text: str, language: str = "python") -> tuple[DocumentSnapshot, int, int]:
    """The document without its marks, and the selection's start and end."""
    text = text.replace("‸", "«»")
    before, inside, after = text.replace("»", "«").split("«")
    snapshot = DocumentSnapshot(
        f"file:///src/code.{language}", 1, language, before + inside + after
    )
    return snapshot, len(before), len(before) + len(inside)
