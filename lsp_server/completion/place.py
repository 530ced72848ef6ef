"""Where a completion goes, and the lines it would stand in."""

import re
from dataclasses import dataclass
from functools import cached_property

from lsp_server.completion.similarity import has_words
from lsp_server.context.brackets import SCANNED, Opened, Scan, scan, still_open, window_before
from lsp_server.context.headers import opens_block
from lsp_server.context.indent import TAB, indent_of, width
from lsp_server.context.languages import Language
from lsp_server.context.scope import Shape
from lsp_server.context.syntax import SyntaxTree, parse, parse_text
from lsp_server.documents import DocumentSnapshot

# Longer documents are not checked for syntax errors.
_LONGEST_PARSED = 200_000


@dataclass(frozen=True)
class Place:
    """The cursor in a document: all that stands before and after it (line ends are `\\n`), how
    much is wanted there, and the language where its grammar is known. With its snapshot the
    document is not parsed anew."""

    before: str
    after: str
    shape: Shape
    language: Language | None
    snapshot: DocumentSnapshot | None = None

    @cached_property
    def head(self) -> str:
        """The cursor's line left of the cursor."""
        return self.before[self.before.rfind("\n") + 1 :]

    @cached_property
    def rest(self) -> str:
        """The cursor's line right of the cursor."""
        return self.after.partition("\n")[0]

    @property
    def is_fresh(self) -> bool:
        """Whether the line has only indentation so far."""
        return not self.head.strip()

    @cached_property
    def rest_has_words(self) -> bool:
        """Whether code follows on the line, as opposed to nothing or closers such as `)]);`."""
        return bool(re.search(r"\w", self.rest))

    @cached_property
    def above(self) -> str:
        """The last line with text above the cursor's line; empty where there is none."""
        return self.before[: len(self.before) - len(self.head)].rstrip().rpartition("\n")[2]

    @cached_property
    def below(self) -> tuple[str, ...]:
        """The lines with text below the cursor's line, up to the first that has words."""
        lines: list[str] = []
        window = self.after[len(self.rest) : len(self.rest) + SCANNED]
        for line in filter(str.strip, window.split("\n")):
            lines.append(line.rstrip())
            if has_words(line):
                break
        return tuple(lines)

    @property
    def next_line(self) -> str:
        """The first line with text below the cursor's line; empty where there is none."""
        return self.below[0] if self.below else ""

    @cached_property
    def waiting(self) -> tuple[Opened, ...]:
        """What stands open at the cursor, outermost first."""
        return still_open(window_before(self.before), self.language)

    @cached_property
    def closing(self) -> Scan:
        """What the text after the cursor closes of it."""
        waiting = self.waiting[:-1] if self.quote_is_open else self.waiting
        return scan(self.after[:SCANNED], self.language, waiting)

    @cached_property
    def quote_is_open(self) -> bool:
        """Whether the cursor is in a string or comment that has no end yet: the next end that
        follows is another's, for quotes come in pairs."""
        closer = self.waiting[-1].closer if self.waiting else ""
        if closer in ('"', "'"):
            return self.rest.count(closer) % 2 == 0
        if closer == "*/":
            return "/*" in self.after.partition("*/")[0] or "*/" not in self.after
        return closer in ('"""', "'''", "`") and self.after.count(closer) % 2 == 0

    @cached_property
    def tree(self) -> SyntaxTree | None:
        """The document's tree as it is; None without a grammar, and for what is too long."""
        length = len(self.before) + len(self.after)
        if self.language is None or length > _LONGEST_PARSED:
            return None
        if self.snapshot and len(self.snapshot.text) == length:  # else it has other line ends
            return parse(self.snapshot)
        return parse_text(self.language, self.before + self.after)

    @cached_property
    def elided(self) -> str:
        """What the model saw in the place of bodies that were left out, without its brackets; empty
        where people write the same, such as Python's `...`, or this document has it."""
        text = self.language.elided if self.language else ""
        if not self.language or not text.startswith(("{", self.language.comment)):
            return ""
        text = text.strip("{ }")
        return "" if text in self.before or text in self.after else text

    def prepare(self) -> None:
        """Find out what every answer needs to be cleaned, while the model still writes it."""
        _ = self.tree, self.closing, self.indent_unit, self.elided

    @cached_property
    def indent_unit(self) -> str:
        """One step of indentation as this file has it: a tab, or its fewest spaces."""
        lines = (self.before[-SCANNED:] + self.after[:SCANNED]).split("\n")
        indents = [indent_of(line) for line in lines if line.strip()]
        if sum(i.startswith("\t") for i in indents) > sum(i.startswith(" ") for i in indents):
            return "\t"
        return " " * min((len(i) for i in indents if len(i) > 1 and i[0] == " "), default=TAB)


def lay_out(place: Place, middle: str) -> list[str]:
    """The whole lines that the middle would make, from the cursor's line on. The first begins with
    the line's head, so the middle is what remains when the head is taken off.

    The first line's indentation is neither doubled nor lost, and empty lines before it go.
    """
    if not place.is_fresh:
        return (place.head + _continued(place, middle)).split("\n")
    middle = re.sub(r"\A(?:[ \t]*\n)+", "", middle)
    first, _, later = middle.partition("\n")
    following = next((line for line in later.split("\n") if line.strip()), "")
    lines = [_first_indent(place, first, following) + first.lstrip(" \t")]
    return lines + later.split("\n") if "\n" in middle else lines


def text_of(place: Place, lines: list[str]) -> str:
    """The middle of whole lines, as `lay_out` made them."""
    return "\n".join(lines)[len(place.head) :]


def _continued(place: Place, middle: str) -> str:
    """The middle after text on its line: no second space, no run of empty lines."""
    first, newline, later = middle.partition("\n")
    if first.strip():
        is_doubled = place.head[-1] in " \t" and first[0] == " " and first[1] != " "
        return (first[1:] if is_doubled else first) + newline + later
    if not newline:
        return middle
    empty = "\n" if place.shape is Shape.BLOCK else "\n\n"
    return re.sub(r"\A(?:[ \t]*\n)+", lambda m: m.group().replace(" ", "")[: len(empty)], middle)


def _first_indent(place: Place, first: str, following: str) -> str:
    """The first line's whole indentation: what is typed, with what the model wrote added to it or
    repeating it, whichever is where the next line of code belongs."""
    typed, written = place.head, indent_of(first)
    if len(written) < 2 and written != "\t":  # a single space is a tokenizer's, not a step
        return typed
    if not typed:
        return written
    candidates = [typed + written, typed]
    if written.startswith(typed):
        candidates.insert(1, written)
    if following:
        deeper = opens_block(first, place.language)
        fits = [c for c in candidates if (width(following) > width(c)) == deeper]
        candidates = fits or [typed]
    expected = _expected_width(place)
    return next((c for c in candidates if width(c) == expected), candidates[-1])


def _expected_width(place: Place) -> int:
    """The columns at which the line below `above` belongs."""
    above = place.above
    if not opens_block(above, place.language) and not above.rstrip().endswith(("(", "[")):
        return width(above)
    if width(place.next_line) > width(above):
        return width(place.next_line)
    return width(above) + width(place.indent_unit + "x")
