"""What other files have to say at a place: in the model's own way, else in comments."""

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.context.budget import Count
from lsp_server.context.languages import language_of
from lsp_server.context.related.chunk import Chunk, as_comments, fitted
from lsp_server.context.related.index import RelatedIndex
from lsp_server.documents import DocumentSnapshot
from lsp_server.engine.protocol import FileText, Repository

# A control token before the repository's name and before each path, and the line ends.
_MARKS = 4


@dataclass(frozen=True)
class Others:
    """`comments` stand before the code, `repository` goes beside it; both together cost at most
    `cost` tokens."""

    comments: str = ""
    repository: Repository | None = None
    cost: int = 0


def others_at(
    related: RelatedIndex,
    snapshot: DocumentSnapshot,
    offset: int,
    share: int,
    count: Count,
    *,
    apart: bool,
) -> Others:
    """What is ready of other files and fits the share, in tokens; `apart` where the model has a way
    of its own to be shown files."""
    ready = related.chunks_for(snapshot, offset)
    return (
        _apart(related, ready, snapshot, share, count)
        if apart
        else _commented(ready, snapshot, share, count)
    )


def _commented(
    ready: Sequence[Chunk], snapshot: DocumentSnapshot, share: int, count: Count
) -> Others:
    language = language_of(snapshot.language, snapshot.uri)

    def costs(texts: Sequence[str]) -> list[int]:
        """Counts of texts as they are shown: a comment's mark on each line has its cost."""
        return [_cost(as_comments([Chunk("", text)], language), count) for text in texts]

    comments = as_comments(fitted(ready, share, costs), language)
    return Others(comments, cost=_cost(comments, count))


def _apart(
    related: RelatedIndex,
    ready: Sequence[Chunk],
    snapshot: DocumentSnapshot,
    share: int,
    count: Count,
) -> Others:
    name, path = related.place_of(snapshot)
    frame = _cost(f"{name}\n{path}\n", count) + _MARKS

    def costs(texts: Sequence[str]) -> list[int]:
        return [_cost(text, count) for text in texts]

    chunks = fitted(ready, share - frame, costs)
    if not chunks:
        return Others()
    files = tuple(FileText(chunk.path, chunk.text) for chunk in chunks)
    cost = sum(_cost(f"{file.path}\n{file.text}\n", count) + _MARKS for file in files)
    return Others(repository=Repository(name, path, files), cost=frame + cost)


def _cost(text: str, count: Count) -> int:
    return sum(count(text.splitlines(keepends=True)))
