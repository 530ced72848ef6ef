"""The chunks of other files worth showing, chosen in the background.

A request takes what is ready and never waits. What is chosen for a document changes only when the
cursor has gone to another line, so that the head of the prompt, and with it an engine's KV cache,
stays the same while a line is typed.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from lsp_server.config import Files
from lsp_server.context.changed import changed_lines
from lsp_server.context.exclusion import is_excluded, is_excluded_path, path_of
from lsp_server.context.languages import language_of
from lsp_server.context.related.chunk import SAME, Chunk, distinct, names_in, similarity
from lsp_server.context.related.definitions import Named, definitions_of
from lsp_server.context.related.imports import imported_files
from lsp_server.documents import DocumentSnapshot

_log = logging.getLogger(__name__)

# Names this near to the cursor, in lines, say what is being written about.
_NEAR = 12
# What is this near is shown itself, as a rule.
_VIEW = 60
# What else the file names counts so much less.
_FAR_WEIGHT = 0.25
# A chunk that was chosen before stays before another of almost the same rank.
_STAYS = 1.3
_MOST_CHUNKS = 24
_RING = 16
_RING_LINES = 12
_MOST_COPIED = 60
_LARGEST_READ = 300_000


@dataclass
class _Document:
    """What was chosen for a document, and for which line."""

    line: int = -1
    chunks: list[Chunk] = field(default_factory=list)
    work: "Future[None] | None" = None


class RelatedIndex:
    """Told of the open documents by the event loop; its own thread reads, parses and ranks."""

    def __init__(self, roots: Sequence[Path], files: Files) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._files = files
        self._open: OrderedDict[str, DocumentSnapshot] = OrderedDict()
        self._ring: deque[tuple[str, Chunk]] = deque(maxlen=_RING)
        self._read: OrderedDict[Path, tuple[int, list[Named]]] = OrderedDict()
        self._chosen: dict[str, _Document] = {}
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, "related")

    def note_open(self, snapshot: DocumentSnapshot) -> None:
        """A document was opened or shown."""
        with self._lock:
            self._open[snapshot.uri] = snapshot
            self._open.move_to_end(snapshot.uri)

    def note_changed(self, snapshot: DocumentSnapshot) -> None:
        """A document has a new version; the lines around the change are recent work."""
        with self._lock:
            old = self._open.get(snapshot.uri)
            self._open[snapshot.uri] = snapshot
            self._open.move_to_end(snapshot.uri)
        if old is not None and not self._is_excluded(snapshot):
            first, _, end = changed_lines(old, snapshot)
            self._remember(snapshot, _lines_around(snapshot, (first + end) // 2, _RING_LINES))

    def note_copied(self, snapshot: DocumentSnapshot, first: int, last: int) -> None:
        """The lines from `first` to `last` of a document were copied: they are wanted elsewhere."""
        last = min(last, first + _MOST_COPIED, snapshot.line_count - 1)
        if 0 <= first <= last and not self._is_excluded(snapshot):
            self._remember(snapshot, _lines(snapshot, first, last))

    def note_closed(self, uri: str) -> None:
        with self._lock:
            self._open.pop(uri, None)
            self._chosen.pop(uri, None)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def chunks_for(self, snapshot: DocumentSnapshot, offset: int) -> list[Chunk]:
        """The best chunks that are ready, best first, for a place in a document. Nothing of the
        document itself is among them. A new choice is begun where the cursor is on another line
        than the last one was made for."""
        line = snapshot.line_of(offset)
        with self._lock:
            chosen = self._chosen.setdefault(snapshot.uri, _Document())
            if chosen.line != line and (chosen.work is None or chosen.work.done()):
                chosen.line = line
                chosen.work = self._thread.submit(self._choose, snapshot, line)
            return chosen.chunks

    def place_of(self, snapshot: DocumentSnapshot) -> tuple[str, str]:
        """The workspace's name and the document's path in it, as the model sees them."""
        path = path_of(snapshot.uri)
        if path is None:
            return "workspace", snapshot.uri.rpartition("/")[2]
        root = next((root for root in self._roots if path.is_relative_to(root)), path.parent)
        return root.name or "workspace", self._shown(path)

    def wait(self, uri: str) -> None:
        """Until the choice that is being made for a document is made."""
        with self._lock:
            work = self._chosen[uri].work if uri in self._chosen else None
        if work is not None:
            work.result()

    def _choose(self, snapshot: DocumentSnapshot, line: int) -> None:
        try:
            chunks = self._ranked(snapshot, line)
        except Exception as error:
            _log.warning("Related files: %s", type(error).__name__)
            return
        with self._lock:
            chosen = self._chosen.get(snapshot.uri)
            if chosen is not None:
                chosen.chunks = chunks

    def _ranked(self, snapshot: DocumentSnapshot, line: int) -> list[Chunk]:
        near = names_in(_lines_around(snapshot, line, _NEAR))
        all_names = names_in(snapshot.text[:_LARGEST_READ])
        view = _lines_around(snapshot, line, _VIEW)
        with self._lock:
            chosen = self._chosen.get(snapshot.uri, _Document())  # it may be closed by now
            before = {(c.path, c.text) for c in chosen.chunks}
            ring = [chunk for uri, chunk in reversed(self._ring) if uri != snapshot.uri]
        ranked: list[tuple[float, Chunk]] = []
        for path, named, weight in self._definitions(snapshot):
            rank = weight * (named.name in near) + _FAR_WEIGHT * weight * (named.name in all_names)
            if rank:
                ranked.append((rank, Chunk(path, named.text)))
        for chunk in ring:
            overlap = len(chunk.names & near) / max(1, min(len(chunk.names), len(near)))
            ranked.append((overlap, chunk))
        ranked.sort(
            key=lambda r: r[0] * (_STAYS if (r[1].path, r[1].text) in before else 1), reverse=True
        )
        return distinct((chunk for _, chunk in ranked), view)[:_MOST_CHUNKS]

    def _definitions(self, snapshot: DocumentSnapshot) -> list[tuple[str, Named, float]]:
        """(path, definition, weight) of imported files, and of the other open ones."""
        own = path_of(snapshot.uri)
        language = language_of(snapshot.language, snapshot.uri)
        found: list[tuple[str, Named, float]] = []
        with self._lock:
            documents = [d for uri, d in reversed(self._open.items()) if uri != snapshot.uri]
        by_path = {path_of(document.uri): document for document in documents}
        imported: list[Path] = []
        if own and language:
            imported = imported_files(snapshot, language.name, own.resolve(), self._roots)
        for path in imported:
            if not is_excluded_path(path, self._files):
                document = by_path.pop(path, None)
                named = definitions_of(document) if document else self._read_file(path)
                found += [(self._shown(path), one, 2.0) for one in named]
        for other, document in by_path.items():
            if not self._is_excluded(document) and len(document.text) <= _LARGEST_READ:
                shown = self._shown(other) if other else document.uri.rpartition("/")[2]
                found += [(shown, one, 1.0) for one in definitions_of(document)]
        return found

    def _read_file(self, path: Path) -> list[Named]:
        """The definitions of a file on the disk, kept while it stays as it is."""
        status = path.stat()
        known = self._read.get(path)
        if known and known[0] == status.st_mtime_ns:
            return known[1]
        named: list[Named] = []
        if status.st_size <= _LARGEST_READ:
            text = path.read_text(encoding="utf-8", errors="replace")
            named = definitions_of(DocumentSnapshot(path.as_uri(), 0, "", text))
        self._read[path] = (status.st_mtime_ns, named)
        while len(self._read) > 200:
            self._read.popitem(last=False)
        return named

    def _remember(self, snapshot: DocumentSnapshot, text: str) -> None:
        """Put lines of a document into the ring, in the place of what they were before."""
        path = path_of(snapshot.uri)
        chunk = Chunk(self._shown(path) if path else snapshot.uri.rpartition("/")[2], text)
        if len(chunk.lines) < 3:
            return
        with self._lock:
            kept = [
                (uri, other)
                for uri, other in self._ring
                if uri != snapshot.uri or similarity(other.lines, chunk.lines) <= SAME
            ]
            self._ring = deque([*kept, (snapshot.uri, chunk)], maxlen=_RING)

    def _is_excluded(self, snapshot: DocumentSnapshot) -> bool:
        return is_excluded(snapshot.uri, len(snapshot.text), self._files)

    def _shown(self, path: Path) -> str:
        """The path as the model sees it: within the workspace, nothing of where that is."""
        for root in self._roots:
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.name


def _lines_around(snapshot: DocumentSnapshot, line: int, lines: int) -> str:
    """The line with so many before and after it."""
    return _lines(snapshot, max(0, line - lines), min(snapshot.line_count - 1, line + lines))


def _lines(snapshot: DocumentSnapshot, first: int, last: int) -> str:
    return snapshot.text[snapshot.line_starts[first] : snapshot.line_bounds(last)[1]]
