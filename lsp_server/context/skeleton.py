"""What is shown of the part of a file that is too far from the cursor to be shown whole.

By priority: the heads of what encloses the shown part, imports, what the code around the cursor
refers to, and of everything else the heads with their bodies left out. Each piece stands where it
makes sense: a method brings the head of a class that is not shown.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lsp_server.context.budget import Count, Piece, chosen
from lsp_server.context.enclosing import closers, heads
from lsp_server.context.indent import indent_of
from lsp_server.context.outline import Definition, Outline
from lsp_server.context.standing import CLOSER, StandingOutline

# No sibling gets more than this part of the budget: a long class is shown by its head alone.
_SIBLING_SHARE = 4
_SIBLING_TOKENS = 48
_MOST_OF_A_NAME = 2
# A head has at least so many tokens: it is no use to look at more siblings than would fit.
_LEAST_TOKENS = 5
# What is needed is looked for in so many tokens more than there are.
_MOST_LACKING = 128

Names = Sequence[str]


@dataclass
class Skeleton:
    """Pieces of the file's lines, chosen for a budget, with the cost of each. `lacking` is what the
    budget lacks for those that are needed."""

    budget: int
    chosen: list[tuple[Piece, int]] = field(default_factory=list)
    lacking: int = 0

    @property
    def pieces(self) -> list[Piece]:
        return [piece for piece, _ in self.chosen]

    @property
    def cost(self) -> int:
        return sum(cost for _, cost in self.chosen)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in sorted(self.pieces, key=lambda p: p.first))

    def need(self, candidates: Iterable[Piece], count: Count) -> None:
        """Take the candidates, the first ones first, even where others were chosen: these make
        room, the last ones first."""
        needed = chosen(candidates, self.budget + _MOST_LACKING, count, (), self.budget)
        self.lacking = max(0, sum(cost for _, cost in needed) - self.budget)
        spans = [(piece.first, piece.last) for piece, _ in needed]
        others = [
            (piece, cost)
            for piece, cost in self.chosen
            if not any(piece.first <= last and first <= piece.last for first, last in spans)
        ]
        left = self.budget
        self.chosen = []
        for piece, cost in needed + others:
            if cost <= left:
                self.chosen.append((piece, cost))
                left -= cost

    def add(
        self,
        candidates: Iterable[Piece],
        count: Count,
        *,
        most: int | None = None,
        most_each: int | None = None,
    ) -> None:
        """Take what fits of the candidates, the first ones first."""
        left = self.budget - self.cost
        most = left if most is None else min(most, left)
        most_each = most if most_each is None else most_each
        self.chosen += chosen(candidates, most, count, self.pieces, most_each)


def add_above(
    skeleton: Skeleton, standing: StandingOutline, line: int, count: Count, used: Names = ()
) -> None:
    """Add to the skeleton what it has room for of the lines before `line`. `used` are the names in
    the code around the cursor."""
    outline, line = standing.outline, standing.old_line(line)
    enclosing, levels = _around(outline.definitions, line)
    before = (
        d
        for within, level, at in levels
        for d in map(level.__getitem__, range(at - 1, -1, -1))
        if d.last < line and outline.stands_alone(d, within)
    )
    skeleton.need(_present(standing, heads(outline, enclosing, line)), count)
    # The imports get no more than half of the rest at first.
    skeleton.add(_imports(standing, line), count, most=(skeleton.budget - skeleton.cost) // 2)
    referred = _referred(outline, used, enclosing, lambda d: d.last < line and d not in enclosing)
    skeleton.add(_present(standing, referred), count, most_each=_sibling_most(skeleton.budget))
    siblings = islice(_folded(outline, before), 2 * skeleton.budget // _LEAST_TOKENS)
    skeleton.add(_present(standing, siblings), count, most_each=_sibling_most(skeleton.budget))
    skeleton.add(_imports(standing, line), count)


def add_below(
    skeleton: Skeleton, standing: StandingOutline, line: int, count: Count, used: Names = ()
) -> None:
    """Add to the skeleton what it has room for of the lines from `line` on. `used` are the names in
    the code around the cursor."""
    outline, line = standing.outline, standing.old_line(line)
    enclosing, levels = _around(outline.definitions, line)
    after = (
        d
        for within, level, at in levels
        for d in map(level.__getitem__, range(at, len(level)))
        if d.first >= line and outline.stands_alone(d, within)
    )
    skeleton.need(_present(standing, closers(outline, line)), count)
    referred = _referred(outline, used, enclosing, lambda d: d.first >= line)
    skeleton.add(_present(standing, referred), count, most_each=_sibling_most(skeleton.budget))
    siblings = islice(_folded(outline, after), 2 * skeleton.budget // _LEAST_TOKENS)
    skeleton.add(_present(standing, siblings), count, most_each=_sibling_most(skeleton.budget))


def _present(standing: StandingOutline, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Those of the earlier text's pieces that haven't changed, where they are now."""
    found = map(standing.present, pieces)
    return (piece for piece in found if piece is not None)


def _sibling_most(budget: int) -> int:
    return max(budget // _SIBLING_SHARE, _SIBLING_TOKENS)


def _referred(
    outline: Outline,
    used: Names,
    enclosing: Sequence[Definition],
    is_there: Callable[[Definition], bool],
) -> Iterator[Piece]:
    """The definitions of the used names in short. A name with many definitions, such as
    `run`, says too little to pick one."""
    for name in used:
        found = [(d, w) for d, w in outline.by_name.get(name, ()) if outline.stands_alone(d, w)]
        if len(found) <= _MOST_OF_A_NAME:
            for definition, within in found:
                if not is_there(definition):
                    continue
                if within is None or within in enclosing:
                    yield from outline.summarised(definition)
                elif is_there(within):
                    yield from _with_head(outline, within, outline.summarised(definition))


def _with_head(outline: Outline, within: Definition, pieces: list[Piece]) -> Iterator[Piece]:
    """Members of a class that is not shown, each after its head; none where indentation says that
    the class itself belongs to another."""
    head = outline.lines(within.first, outline.head_last(within))
    if indent_of(head) and not outline.snapshot.text.startswith("{", within.body[0]):
        return
    closing = outline.lines(within.last, within.last)
    closes = CLOSER.fullmatch(closing) and indent_of(closing) == indent_of(head)
    end = closing if closes else ""
    for piece in pieces:
        yield Piece(within.first, within.last, f"{head}{piece.text}{end}")


def _imports(standing: StandingOutline, line: int) -> Iterator[Piece]:
    """The imports above the line that hold there."""
    in_scope = (
        one.piece
        for one in standing.outline.imports
        if one.piece.last < line and (one.within_until is None or one.within_until >= line)
    )
    return _present(standing, in_scope)


def _around(
    definitions: list[Definition], line: int
) -> tuple[list[Definition], list[tuple[Definition | None, list[Definition], int]]]:
    """The definitions that begin before the line and reach it, outermost first, and innermost first
    the definitions beside each of them: with the one that they belong to, in order, and how many of
    them begin before the line."""
    enclosing: list[Definition] = []
    levels: list[tuple[Definition | None, list[Definition], int]] = []
    level = definitions
    while level:
        at = bisect_left(level, line, key=_first)
        levels.insert(0, (enclosing[-1] if enclosing else None, level, at))
        if at == 0 or level[at - 1].last < line:
            break
        enclosing.append(level[at - 1])
        level = enclosing[-1].children
    return enclosing, levels


def _first(definition: Definition) -> int:
    return definition.first


def _folded(outline: Outline, definitions: Iterable[Definition]) -> Iterator[Piece]:
    """Each definition without the bodies."""
    for d in definitions:
        yield from outline.folded(d)
