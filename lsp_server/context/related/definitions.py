"""What a file defines, by name: each definition with its bodies left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.context.outline import Outline
from lsp_server.context.outlining import outline_of
from lsp_server.documents import DocumentSnapshot

_LONGEST = 4_000


@dataclass(frozen=True)
class Named:
    """A definition of a file, as its head or with its members' heads."""

    name: str
    text: str


def definitions_of(snapshot: DocumentSnapshot) -> list[Named]:
    """The definitions that stand by themselves in a file; none where
    its language has no grammar here."""
    outline = outline_of(snapshot)
    return list(_named(outline)) if outline else []


def _named(outline: Outline) -> Iterator[Named]:
    for definition in outline.definitions:
        if not outline.stands_alone(definition, None):
            continue
        name = outline.name(definition)
        pieces = [p for p in outline.folded(definition) if len(p.text) <= _LONGEST]
        if name and pieces:
            yield Named(name, pieces[0].text)
