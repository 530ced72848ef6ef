"""Makes edits of new code: only the lines that change, with the file's line ends. Pure functions.

First the lines that the place shall have (`replaced_lines`, `added_lines`), then the edits that
get there (`line_edits`), so that cursors and folds on the other lines survive.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from lsp_server.actions.indent import indent_unit, reindent
from lsp_server.actions.places import Place
from lsp_server.context.indent import indent_of
from lsp_server.documents import Edit

_LINES_COMPARED = 200
_WORD = re.compile(r"[^\W\d]{3,}")
_QUOTES = ('"""', "'''")
_DECORATOR = re.compile(r"\s*(@|\[|#\[)")
_LINE_END = re.compile(r"\r\n|\r|\n")


def replaced_lines(place: Place, code: str) -> list[str]:
    """The code in the place's stead."""
    return reindent(code.split("\n"), place.lines, _unit(place))


def kept_comments(place: Place, code: str, is_comment: Callable[[str], bool]) -> list[str]:
    """The code in the place's stead, below the comments that the place begins with: models leave
    them out. Where one of them is in the code, in whatever words, they are the code's to say."""
    comments, lines = _leading(place.lines, is_comment), replaced_lines(place, code)
    all_comments = len(comments) == len(place.lines)
    return lines if all_comments or _leading(lines, is_comment) else [*comments, *lines]


def added_lines(place: Place, code: str, is_comment: Callable[[str], bool]) -> list[str]:
    """The place's lines and the code that they describe, or the place filled in.

    A model gives back the described lines with their code, or leaves out the comments, or writes
    only what comes after: a comment never gets lost, and a body goes under its signature.
    """
    old, lines = place.lines, replaced_lines(place, code)
    if not any(line.strip() for line in old):
        return reindent(code.split("\n"), [_indent_above(place) + "body"], _unit(place))
    comments = _leading(old, is_comment)
    described = old[len(comments) :]
    if not described or _declares_again(described, lines):
        told = any(line in set(_stripped(lines)) for line in _stripped(comments) if _tells([line]))
        return lines if told else [*comments, *lines]
    step = "" if described[0].lstrip().startswith(_QUOTES) else _unit(place)
    body = indent_of(described[0]) + step + "body"
    return [*old, *reindent(code.split("\n"), [body], _unit(place))]


def _indent_above(place: Place) -> str:
    """The indentation of an empty place: its own, else what the last line above asks for."""
    above = (place.snapshot.line(n) for n in range(place.first - 1, -1, -1))
    line = next((line for line in above if line.strip()), "")
    step = _unit(place) if line.rstrip().endswith((":", "{", "(", "[")) else ""
    return place.lines[0] or indent_of(line) + step


def _unit(place: Place) -> str:
    return indent_unit(place.snapshot.text.split("\n"))


def _leading(lines: Sequence[str], is_comment: Callable[[str], bool]) -> list[str]:
    """The comments and blank lines that come first."""
    code = (i for i, line in enumerate(lines) if line.strip() and not is_comment(line))
    return list(lines[: next(code, len(lines))])


def _declares_again(described: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether the signature that was described, or what it became, is among the lines."""
    signature = next((line for line in described if not _DECORATOR.match(line)), described[0])
    name = _declared(signature)
    return any(
        _ends_alike(name, other)
        for other in map(_declared, _stripped(lines))
        if other and other[0] != "return"
    )


def _declared(line: str) -> list[str]:
    """The words of a line up to its parameters or body: `def f(x):` declares def, f."""
    return re.findall(r"\w+", re.split(r"[(<:{;=]", line)[0])


def _ends_alike(a: list[str], b: list[str]) -> bool:
    """Whether one is the end of the other, as `export function f` and `function f` are."""
    count = min(len(a), len(b))
    return count > 0 and a[-count:] == b[-count:]


def without_surroundings(code: str, place: Place) -> str:
    """The code less the lines just around the place that the model wrote with it, if it did."""
    snapshot, own = place.snapshot, _stripped(place.lines)
    before = [snapshot.line(n) for n in range(max(0, place.first - _LINES_COMPARED), place.first)]
    last = min(snapshot.line_count, place.last + 1 + _LINES_COMPARED)
    after = [snapshot.line(n) for n in range(place.last + 1, last)]
    lines = code.split("\n")
    head = _repeated(lines, _stripped(before)[::-1], own)
    turned = lines[head:][::-1]
    tail = _repeated(turned, _stripped(after), own[::-1], sure=head > 0)
    kept = turned[tail:][::-1]
    full = [i for i, line in enumerate(kept) if line.strip()]
    return "\n".join(kept[full[0] : full[-1] + 1]) if full else ""


def _repeated(
    lines: Sequence[str], outside: Sequence[str], own: Sequence[str], sure: bool = False
) -> int:
    """The number of first `lines` that are the lines `outside`, of which the nearest to the place
    comes first. Lines that the place itself begins with, and mere brackets, tell nothing, unless it
    is `sure` from elsewhere that the model wrote more than the place."""
    full = _stripped(lines)
    for count in range(min(len(full) - 1, len(outside)), 0, -1):
        head = full[:count]
        if head == list(outside[:count])[::-1] and (
            sure or (head != list(own[:count]) and _tells(head))
        ):
            return _index_after(lines, count)
    return 0


def _tells(lines: Sequence[str]) -> bool:
    return any(_WORD.search(line) for line in lines)


def _index_after(lines: Sequence[str], full: int) -> int:
    """The index after the `full`-th line that is not blank."""
    indexes = [i for i, line in enumerate(lines) if line.strip()]
    return indexes[full - 1] + 1


def _stripped(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def line_edits(place: Place, new: Sequence[str]) -> tuple[Edit, ...]:
    """What makes the place's lines the new ones; empty where nothing changes. Space at a line's end
    is no change."""
    match = _LINE_END.search(place.snapshot.text, place.start, place.end)
    newline = match.group() if match else place.snapshot.newline
    edits: list[Edit] = []
    for edit in _edits(place, new, newline):
        # Edits that touch, at an empty line, would depend on the order in which they are applied.
        if edits and edits[-1].end == edit.start:
            last = edits.pop()
            edit = Edit(last.start, edit.end, last.text + edit.text)
        edits.append(edit)
    return tuple(edits)


def _edits(place: Place, new: Sequence[str], newline: str) -> Iterator[Edit]:
    old = [line.rstrip() for line in place.lines]
    starts = place.snapshot.line_starts[place.first :]
    matcher = SequenceMatcher(None, old, [line.rstrip() for line in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        text = newline.join(new[j1:j2])
        if tag == "replace":
            yield Edit(starts[i1], _end(place, i2 - 1), text)
        elif tag == "insert" and i1 < len(old):
            yield Edit(starts[i1], starts[i1], text + newline)
        elif tag == "insert":
            yield Edit(place.end, place.end, newline + text)
        elif tag == "delete" and i2 < len(old):
            yield Edit(starts[i1], starts[i2], "")
        elif tag == "delete":
            yield Edit(_end(place, i1 - 1), place.end, "")


def _end(place: Place, index: int) -> int:
    """The end of the place's line `index`, before its line end."""
    number = place.first + index
    return place.snapshot.line_starts[number] + len(place.snapshot.line(number))
