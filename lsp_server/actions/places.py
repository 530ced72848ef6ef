"""Which lines an action is about: those of the selection, or enough of them around a diagnostic.

A place is whole lines: from the start of its first line to the end of its last one, without that
line's end. So an edit of it never touches the final line end, or its absence.
"""

import re
from dataclasses import dataclass

from lsp_server.context.outlining import outline_of
from lsp_server.context.syntax import SyntaxTree, parse
from lsp_server.documents import DocumentSnapshot

# A model needs to see the whole function to repair a line of it, but a small one loses its way in
# a long one.
_LONGEST_FUNCTION = 60
_LONGEST_STATEMENT = 20
_LINES_AROUND = 3
_LONGEST_COMMENT = 20
_ABOVE = re.compile("comment|attribute_item|attribute_list")


@dataclass(frozen=True)
class Place:
    """Lines `first` to `last` (counted from 0, both included) of a document."""

    snapshot: DocumentSnapshot
    first: int
    last: int

    @property
    def start(self) -> int:
        return self.snapshot.line_starts[self.first]

    @property
    def end(self) -> int:
        return self.snapshot.line_starts[self.last] + len(self.snapshot.line(self.last))

    @property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return [self.snapshot.line(n) for n in range(self.first, self.last + 1)]

    @property
    def text(self) -> str:
        """The lines with `\\n` line ends."""
        return "\n".join(self.lines)


def selected_place(snapshot: DocumentSnapshot, start: int, end: int) -> Place | None:
    """The lines that start..end touches, without blank ones around them; None where all are
    blank. A selection that ends before a line's first character does not touch that line."""
    first, last = snapshot.line_of(start), snapshot.line_of(end)
    if end > start and end == snapshot.line_starts[last]:
        last -= 1
    return _without_blank_ends(Place(snapshot, first, last))


def empty_place(snapshot: DocumentSnapshot, offset: int) -> Place:
    """The line at the offset as it is, for what is written where nothing stands."""
    line = snapshot.line_of(offset)
    return Place(snapshot, line, line)


def diagnostic_place(snapshot: DocumentSnapshot, start: int, end: int) -> Place | None:
    """Enough to repair what is wrong at start..end: the function with the comment above it, which
    says what was meant, else the statement, else some lines."""
    first, last = snapshot.line_of(start), snapshot.line_of(end)
    last = min(last, first + _LONGEST_STATEMENT)
    lines = _function(snapshot, first, last) or _statement(snapshot, start, end)
    if lines is None:
        lines = max(0, first - _LINES_AROUND), min(snapshot.line_count - 1, last + _LINES_AROUND)
    return _without_blank_ends(Place(snapshot, *lines))


def _function(snapshot: DocumentSnapshot, first: int, last: int) -> tuple[int, int] | None:
    """The lines of the outermost function around these that is not too long."""
    outline = outline_of(snapshot)
    level = outline.definitions if outline else []
    while level:
        around = [d for d in level if d.first <= first and d.last >= last]
        for definition in around:
            if not definition.container and definition.last - definition.first < _LONGEST_FUNCTION:
                return _with_comment(snapshot, definition.first), definition.last
        level = [child for definition in around for child in definition.children]
    return None


def _with_comment(snapshot: DocumentSnapshot, first: int) -> int:
    """The first line of the comments and attributes that stand right above line `first`; itself
    where there are none, or they are long."""
    tree = parse(snapshot)
    top = first
    while tree and top > 0 and (above := _says_something(tree, snapshot, top - 1)) is not None:
        top = above
    return top if first - top <= _LONGEST_COMMENT else first


def _says_something(tree: SyntaxTree, snapshot: DocumentSnapshot, line: int) -> int | None:
    """The first line of the comment or attribute that ends the line and has its lines to itself."""
    end = snapshot.line_starts[line] + len(snapshot.line(line).rstrip())
    around = (node for node in tree.path(max(end - 1, 0)) if _ABOVE.search(node.type))
    node = next(around, None)
    if node is None or end == snapshot.line_starts[line]:
        return None
    start = tree.offset(node.start_byte)
    first = snapshot.line_of(start)
    return None if snapshot.text[snapshot.line_starts[first] : start].strip() else first


def _statement(snapshot: DocumentSnapshot, start: int, end: int) -> tuple[int, int] | None:
    """The lines of the largest piece of syntax around start..end that is not too long, unless it is
    one line, which tells a model too little."""
    tree = parse(snapshot)
    node, found = tree.node_at(start) if tree else None, None
    while tree and node is not None and node.parent is not None:
        first = snapshot.line_of(tree.offset(node.start_byte))
        last = snapshot.line_of(max(tree.offset(node.end_byte) - 1, 0))
        if last - first >= _LONGEST_STATEMENT:
            break
        if last > first and node.end_byte >= tree.byte_offset(end):
            found = first, last
        node = node.parent
    return found


def _without_blank_ends(place: Place) -> Place | None:
    full = [n for n, line in enumerate(place.lines, place.first) if line.strip()]
    return Place(place.snapshot, full[0], full[-1]) if full else None
