"""The outline while a document is typed in: one that was made some keys ago serves on.

Parsing a long file and reading its outline takes longer than a person takes to type the next
letter. But what is typed changes some lines around the cursor, which are shown as they are; the
outline is for what lies beyond them, and that is the same. So in a long file an outline stands
until a new one has been made in the background; what changed since is left out of it.
"""

import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import Lock

from lsp_server.context.brackets import OPENER_OF, scan
from lsp_server.context.budget import Piece
from lsp_server.context.changed import changed_lines
from lsp_server.context.headers import opens_block
from lsp_server.context.languages import Language, language_of
from lsp_server.context.outline import Outline
from lsp_server.context.outlining import outline_of
from lsp_server.context.syntax import parse
from lsp_server.documents import DocumentSnapshot, Edit

# What ends a block in the languages that end them: a line of closing brackets or a keyword.
CLOSER = re.compile(r"\s*(?:[\])}]+|(?:end|fi|done|esac)\b)[\])};,]*\s*(?:(?://|#|--).*\s*)?")

# Up to so many lines an outline takes a few milliseconds, and is made anew with each line. In a
# longer file the last one serves as long as the text comes from that one by edits, or differs in
# few lines.
SHORT = 500
_FEW = 50
_KEPT = 8


@dataclass(frozen=True)
class StandingOutline:
    """An outline of an earlier text, asked and answering in the lines of the present one: since
    then its lines from `first` up to `old_end` became those up to `new_end`."""

    outline: Outline
    first: int
    old_end: int
    new_end: int

    def depth(self, line: int) -> int | None:
        """How deeply the code that starts on the line is nested; None where that isn't known."""
        if self.first <= line < self.new_end:
            return None
        return self.outline.depth(self.old_line(line))

    def is_in_text(self, line: int) -> bool:
        """Whether the line begins inside a string or comment, as far as the earlier text tells."""
        return self.outline.is_in_text(
            min(line, self.first) if line < self.new_end else self.old_line(line)
        )

    def cuts(self, line: int, since: int) -> bool:
        """Whether an edge before the line is behind what opens a block, or within brackets or a
        string that begin on the line `since` or below, as far as the earlier text tells."""
        if self.first <= line < self.new_end:
            return False
        return self.outline.cut_since(self.old_line(line)) >= self.outline.line_start(
            self.old_line(since)
        )

    def old_line(self, line: int) -> int:
        """The line's number in the earlier text; for a changed one, the first after the change."""
        if line < self.first:
            return line
        return max(line, self.new_end) - self.new_end + self.old_end

    def present(self, piece: Piece) -> Piece | None:
        """A piece of the earlier text at its place in the present one; None where it changed."""
        if piece.last < self.first:
            return piece
        if piece.first < self.old_end:
            return None
        by = self.new_end - self.old_end
        return Piece(piece.first + by, piece.last + by, piece.text)


class _StandingOutlines:
    """The last outline of each of the last few documents."""

    def __init__(self) -> None:
        # Each with the line that was being typed when it was made.
        self._outlines: OrderedDict[tuple[str, str], tuple[Outline, int]] = OrderedDict()
        self._waiting: dict[str, tuple[DocumentSnapshot, int]] = {}
        self._lock = Lock()

    def get(self, snapshot: DocumentSnapshot, line: int) -> StandingOutline | None:
        standing = self._standing(snapshot, line)
        if standing is None:
            outline = _made(snapshot, line)
            self._keep(outline, line)
            if outline is None:
                return None
            return StandingOutline(outline, *changed_lines(outline.snapshot, snapshot))
        if standing.new_end - standing.first > 1 or not standing.first <= line < standing.new_end:
            self._renew(snapshot, line)
        return standing

    def _standing(self, snapshot: DocumentSnapshot, line: int) -> StandingOutline | None:
        """The last outline, where it still serves."""
        with self._lock:
            outline, typed = self._outlines.get((snapshot.language, snapshot.uri), (None, 0))
        if outline is None:
            return None
        change = changed_lines(outline.snapshot, snapshot)
        if snapshot.line_count <= SHORT:
            serves = _is_exact(outline.snapshot, snapshot, line, change, typed)
        else:
            serves = max(change[1:]) - change[0] <= _FEW or any(
                snapshot.line_starts.shared(outline.snapshot.line_starts)
            )
        return StandingOutline(outline, *change) if serves else None

    def _keep(self, outline: Outline | None, line: int, only_if_newer: bool = False) -> None:
        if outline is None:
            return
        key = (outline.snapshot.language, outline.snapshot.uri)
        with self._lock:
            known = self._outlines.get(key)
            if only_if_newer and known and known[0].snapshot.version > outline.snapshot.version:
                return
            self._outlines[key] = outline, line
            self._outlines.move_to_end(key)
            while len(self._outlines) > _KEPT:
                self._outlines.popitem(last=False)

    def _renew(self, snapshot: DocumentSnapshot, line: int) -> None:
        """Make a new outline in the background, of the newest text that was asked for."""
        with self._lock:
            is_under_way = snapshot.uri in self._waiting
            self._waiting[snapshot.uri] = (snapshot, line)
        if not is_under_way:
            _background().submit(self._make_waiting, snapshot.uri)

    def _make_waiting(self, uri: str) -> None:
        with self._lock:
            snapshot, line = self._waiting.pop(uri)
        self._keep(_made(snapshot, line), line, only_if_newer=True)


_outlines = _StandingOutlines()


@cache
def _background() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "outline")


def standing_outline(snapshot: DocumentSnapshot, line: int) -> StandingOutline | None:
    """The outline of all but the line, which is being typed and counts as blank but for what it
    opens for other lines; None where the language has no grammar here."""
    if language_of(snapshot.language, snapshot.uri) is None:
        return None
    return _outlines.get(snapshot, line)


def exact_outline(snapshot: DocumentSnapshot) -> StandingOutline | None:
    """The outline of the document as it is; None where its language has no grammar here."""
    outline = outline_of(snapshot)
    end = snapshot.line_count
    return StandingOutline(outline, end, end, end) if outline else None


def _is_exact(
    old: DocumentSnapshot,
    new: DocumentSnapshot,
    line: int,
    change: tuple[int, int, int],
    typed: int,
) -> bool:
    """Whether an outline of the old text, in which the line `typed` was left out, is what would be
    made of the new one."""
    first, old_end, new_end = change
    is_same = first == old_end == new_end
    if change == (line, line + 1, line + 1):
        return line == typed or _is_blank_or_closer(old, line)
    return is_same and (line == typed or _is_blank_or_closer(new, line))


def _is_blank_or_closer(snapshot: DocumentSnapshot, line: int) -> bool:
    text = snapshot.line(line)
    return text == " " or CLOSER.fullmatch(text) is not None


def _made(snapshot: DocumentSnapshot, line: int) -> Outline | None:
    outline = outline_of(_with_blank_line(snapshot, line))
    if outline is not None:
        _ = outline.by_name, outline.broken  # read now, so that no key has to wait for it
    return outline


def _with_blank_line(snapshot: DocumentSnapshot, number: int) -> DocumentSnapshot:
    """The document with nothing on the line that is being typed, as far as all else makes sense
    without it: a line that only closes blocks stays; of another one stays what it opens or closes,
    or all, if the document has fewer errors so."""
    line = snapshot.line(number)
    if CLOSER.fullmatch(line):
        return snapshot
    # A space stays, lest two line ends become one.
    blank = _with_line(snapshot, number, " ")
    language = language_of(snapshot.language, snapshot.uri)
    held = _brackets_left(line, language)
    if not held and not opens_block(line, language):
        return blank
    best, fewest = blank, _errors(blank)
    for other in (_with_line(snapshot, number, held or " "), snapshot):
        if fewest and (errors := _errors(other)) < fewest:
            best, fewest = other, errors
    return best


def _with_line(snapshot: DocumentSnapshot, number: int, text: str) -> DocumentSnapshot:
    start = snapshot.line_starts[number]
    length = len(snapshot.line(number))
    return snapshot.edited(snapshot.version, Edit(start, start + length, text))


def _brackets_left(line: str, language: Language | None) -> str:
    """The brackets that the line closes and those that it opens for other lines."""
    found = scan(line, language)
    openers = (OPENER_OF[one.closer] for one in found.opened if one.closer in OPENER_OF)
    return "".join([*(line[at] for at in found.stray), *openers])


def _errors(snapshot: DocumentSnapshot) -> int:
    tree = parse(snapshot)
    return tree.error_count() if tree else 0
