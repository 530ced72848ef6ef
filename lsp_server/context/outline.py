"""What a file defines and imports, by lines: the material from which a trimmed view is made."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import tree_sitter

from lsp_server.context.budget import Piece
from lsp_server.context.indent import width
from lsp_server.context.syntax import SyntaxTree, is_text
from lsp_server.documents import DocumentSnapshot

# What may stand between a definition and the body it belongs to: `#ifdef`, `extern "C" {`.
_TRANSPARENT = re.compile(r"preproc_|linkage_specification|declaration_list|declarations|ERROR")

# The types of nodes that are no more than a sequence of statements.
_SEQUENCE = re.compile(
    r"block(?!_mapping_pair|_sequence_item)|body|list|statements|then|document|declarations"
)

# The types of nodes in which a line may be the last that is shown: sequences, and statements whose
# further branches follow.
_MAY_STOP = re.compile(
    rf"{_SEQUENCE.pattern}|program|source|unit|chunk|namespace|sheet|haskell|ERROR"
    r"|^(?:(?:jsx|script|style)_)?element$|^(?:jsx_)?text$"
    r"|(?:^|_)(?:module|switch|select|when|case|default|if|else|elif|elsif|elseif|for|while|match"
    r"|clause|group|section|preproc|table)(?:_|$)"
)

# What is no statement without a part that follows its body.
TRY = re.compile(r"try_(?:statement|expression|with_resources_statement)$")

_OPENED = (b"(", b"[")
_END = re.compile(r"end|fi|done|esac")

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(eq=False)
class Definition:
    """A function, class or the like. Lines are inclusive, the body's ends are code points.

    `container` tells a class, whose members are worth a line each, from a function.
    """

    first: int
    last: int
    body: tuple[int, int]
    body_id: int
    container: bool
    docstring: tuple[int, int] | None = None
    children: list["Definition"] = field(default_factory=list)


@dataclass(frozen=True)
class Import:
    """An import's lines, and the last line of the definition that it belongs to: after that line
    it means nothing. None where it belongs to the file."""

    piece: Piece
    within_until: int | None


@dataclass(frozen=True, eq=False)
class Outline:
    """The definitions of one text as a forest, and the lines of its imports.

    It is asked about the same lines with every key, so it keeps what it found out.
    """

    tree: SyntaxTree
    definitions: list[Definition]
    imports: list["Import"]
    _depths: dict[int, int | None] = field(default_factory=dict)
    _cuts: dict[int, int] = field(default_factory=dict)
    _alone: dict[tuple[int, int], bool] = field(default_factory=dict)
    _folded: dict[int, list[Piece]] = field(default_factory=dict)

    @property
    def snapshot(self) -> DocumentSnapshot:
        return self.tree.snapshot

    def lines(self, first: int, last: int) -> str:
        """The text of these lines, their ends included."""
        return lines_of(self.snapshot, first, last)

    def line_start(self, line: int) -> int:
        return line_start(self.snapshot, line)

    def head_last(self, definition: Definition) -> int:
        """The last line of the head: the one with the opening brace, or the one before the body."""
        start, _ = definition.body
        line = self.snapshot.line_of(start)
        opens_here = self.snapshot.text.startswith("{", start)
        return line if opens_here else max(definition.first, line - 1)

    def docstring_line(self, definition: Definition) -> Piece | None:
        """The docstring cut to its first line, in place of the lines that it takes."""
        if definition.docstring is None:
            return None
        start, end = definition.docstring
        first, last = self.snapshot.line_of(start), self.snapshot.line_of(end - 1)
        text = self.lines(first, last)
        quotes = self.snapshot.text[end - 3 : end]
        if first != last and quotes in ('"""', "'''"):
            line = self.lines(first, first)
            opening = line.rstrip()
            # After `"` or `\\` the quotes would not close the string.
            space = " " if opening[-1] in "\"'\\" else ""
            text = opening + space + quotes + line[len(opening) :]
        return Piece(first, last, text)

    def elided(self, definition: Definition) -> str | None:
        """The definition's lines with its body left out; None where that would save no line."""
        return self._without(definition, [definition])

    def members(self, definition: Definition) -> str | None:
        """A class's lines with the bodies of its functions left out."""
        if not definition.container:
            return None
        return self._without(definition, _functions(definition))

    def _without(self, definition: Definition, bodies: list[Definition]) -> str | None:
        text, elided = self.snapshot.text, self.tree.language.elided
        pieces = []
        position = self.line_start(definition.first)
        end = self.line_start(definition.last + 1)
        for start, stop in (inner.body for inner in bodies):
            if "\n" not in text[start:stop] or start < position:
                continue
            # A comment in place of a body must not swallow what follows it on its line.
            if elided.startswith(self.tree.language.comment) and not _ends_line(text, stop):
                continue
            pieces += [text[position:start], elided]
            position = stop
        if not pieces:
            return None
        return "".join([*pieces, text[position:end]])

    def folded(self, definition: Definition) -> list[Piece]:
        """The definition without bodies, the longest first: a class with its members, or else by
        its head; one that has no lines to save as it is."""
        key = id(definition)
        if key not in self._folded:
            texts = (self.members(definition), self.elided(definition))
            first, last = definition.first, definition.last
            found = [text for text in texts if text] or [self.lines(first, last)]
            self._folded[key] = [Piece(first, last, text) for text in found]
        return self._folded[key]

    def summarised(self, definition: Definition) -> list[Piece]:
        """As `folded`, but of a function that has a docstring its head and that one's first line,
        which make it whole again."""
        docstring = None if definition.container else self.docstring_line(definition)
        if docstring is None:
            return self.folded(definition)
        head = self.lines(definition.first, docstring.first - 1)
        return [Piece(definition.first, definition.last, head + docstring.text)]

    @cached_property
    def by_name(self) -> dict[str, list[tuple[Definition, Definition | None]]]:
        """The definitions by their names, each with the one that it belongs to: those of the file,
        and those in its classes."""
        found: dict[str, list[tuple[Definition, Definition | None]]] = {}
        waiting: list[tuple[Definition, Definition | None]] = [(d, None) for d in self.definitions]
        for definition, within in waiting:
            found.setdefault(self.name(definition), []).append((definition, within))
            if definition.container:
                waiting += [(child, definition) for child in definition.children]
        return found

    def name(self, definition: Definition) -> str:
        """The name in the definition's head: the last word before parameters, bases or a value."""
        head = self.lines(definition.first, self.head_last(definition)).split("\n")
        code = " ".join(line for line in head if not line.lstrip().startswith(("@", "#[", "//")))
        words = _NAME.findall(re.split(r"[(<:={]", code)[0])
        return words[-1] if words else ""

    def path(self, line: int) -> list[tree_sitter.Node]:
        """The nodes that hold the start of this line's code, from the root down."""
        return self.tree.path(self._first_code_byte(line))

    def ancestors(self, line: int) -> list[tree_sitter.Node]:
        """The nodes that hold the start of this line's code and begin before it, innermost
        first, the root not among them."""
        byte = self._first_code_byte(line)
        return [node for node in self.tree.path(byte)[:0:-1] if node.start_byte < byte]

    def is_broken(self, line: int) -> bool:
        """Whether the tree is no guide to what holds the line: a syntax error does, or stands right
        beside what does. Errors within other definitions do no harm, nor in Python any, where the
        parser reads indentation itself."""
        if self.tree.language.name == "python":
            return False
        byte = self._first_code_byte(line)
        if any(start <= byte <= end for start, end in self.broken):
            return True
        return any(self._is_askew(node) for node in self.ancestors(line))

    def _is_askew(self, node: tree_sitter.Node) -> bool:
        """Whether it ends with an `end` that stands under something else: a parser takes the next
        best one, and that of Ruby finds no fault in one too many."""
        last = node.child(node.child_count - 1) if node.child_count else None
        if last is None or not _END.fullmatch(last.type):
            return False
        line = self.lines(self.line_at(last.start_byte), self.line_at(last.start_byte))
        start = self.line_at(node.start_byte)
        columns = (width(self.lines(start, start)), node.start_byte - self.line_start(start))
        return line.lstrip().startswith(last.type) and width(line) not in columns

    @property
    def splits_texts(self) -> bool:
        """Whether a part of a long string may be shown between its first and last lines: in Python
        most are docstrings, some as long as a whole window."""
        return self.tree.language.name == "python"

    def is_in_text(self, line: int) -> bool:
        """Whether the line begins inside a string or comment. A string that belongs to nothing but
        an error is code that the parser lost."""
        start = self.line_start(line)
        return any(
            is_text(node)
            and node.start_byte < start
            and not (parent.is_error and "comment" not in node.type)
            for parent, node in pairwise(self.tree.path(start))
        )

    @cached_property
    def broken(self) -> list[tuple[int, int]]:
        """The bytes of what has a syntax error among its parts."""
        found = [(node.start_byte, node.end_byte) for node, _ in self.tree.errors()]
        return list(dict.fromkeys(found))

    def is_bare_block(self, node: tree_sitter.Node) -> bool:
        """Whether the node is a sequence without a bracket of its own: its first line opens
        nothing."""
        return self._opening(node) not in b"{([" and _SEQUENCE.search(node.type) is not None

    def cut_since(self, line: int) -> int:
        """Where the text begins that an edge before this line would cut in two: the innermost
        brackets, string or comment around it, or the header whose body it is. -1 for none."""
        if line not in self._cuts:
            self._cuts[line] = self._begin_of_cut(line)
        return self._cuts[line]

    def _begin_of_cut(self, line: int) -> int:
        start = self.line_start(line)
        path = self._path_to_start(line)
        if path is not None and len(path) > 1 and self.is_bare_block(path[-1]):
            return start
        around = [n for n in self.tree.path(start) if n.start_byte < start < n.end_byte]
        return max(
            (
                node.start_byte
                for node in around
                if (is_text(node) and not self.splits_texts)
                or self._opening(node) in _OPENED
                or TRY.match(node.type)
                or not self._may_stop(around[-1])
            ),
            default=-1,
        )

    def _may_stop(self, node: tree_sitter.Node) -> bool:
        """Whether what stands between two lines of the node makes sense without the second."""
        if is_text(node):
            return self.splits_texts
        return self._opening(node) == b"{" or _MAY_STOP.search(node.type) is not None

    def _opening(self, node: tree_sitter.Node) -> bytes:
        return self.tree.data[node.start_byte : node.start_byte + 1]

    def depth(self, line: int) -> int | None:
        """How deeply the code that starts on this line is nested; None where none starts there:
        inside a string, at a closing bracket, on a blank line."""
        if line not in self._depths:
            path = self._path_to_start(line) if self.lines(line, line).strip() else None
            self._depths[line] = len(path) - 1 if path else None
        return self._depths[line]

    def stands_alone(self, definition: Definition, within: Definition | None) -> bool:
        """Whether it is a statement of its own in the body of `within`, or else of the file, and
        not a part of one, such as a function in a table."""
        key = (id(definition), id(within))
        if key not in self._alone:
            self._alone[key] = self._is_statement(definition, within)
        return self._alone[key]

    def _is_statement(self, definition: Definition, within: Definition | None) -> bool:
        path = self._path_to_start(definition.first)
        if path is None:
            return False
        for parent in path[-2::-1]:
            if within and parent.id == within.body_id:
                return True
            if parent is not path[0] and not _TRANSPARENT.match(parent.type):
                return False
        return within is None

    def _path_to_start(self, line: int) -> list[tree_sitter.Node] | None:
        """From the root down to the largest node that starts where the line's code does; None
        where only a bracket or the like starts."""
        byte = self._first_code_byte(line)
        path = self.tree.path(byte)
        starting = [n for n, node in enumerate(path) if n and node.start_byte == byte]
        if not any(path[n].is_named for n in starting):
            return None
        return path[: starting[0] + 1]

    def line_at(self, byte: int) -> int:
        return self.snapshot.line_of(byte)

    def _first_code_byte(self, line: int) -> int:
        start = self.line_start(line)
        text = self.lines(line, line)
        return start + len(text) - len(text.lstrip())


def lines_of(snapshot: DocumentSnapshot, first: int, last: int) -> str:
    """The text of the lines from `first` to `last`, their ends included."""
    return snapshot.text[line_start(snapshot, first) : line_start(snapshot, last + 1)]


def line_start(snapshot: DocumentSnapshot, line: int) -> int:
    """The code point at which the line starts; the text's end past the last one."""
    starts = snapshot.line_starts
    return starts[line] if line < len(starts) else len(snapshot.text)


def _functions(container: Definition) -> list[Definition]:
    """The functions in a container, those in containers within it included, in order."""
    found: list[Definition] = []
    for child in container.children:
        found += _functions(child) if child.container else [child]
    return found


def _ends_line(text: str, offset: int) -> bool:
    return re.compile(r"[^\S\r\n]*(?:[\r\n]|$)").match(text, offset) is not None
