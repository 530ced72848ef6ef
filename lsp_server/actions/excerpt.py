"""A selection that is too long to be shown whole, and what it refers to elsewhere in the file."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from lsp_server.context.budget import Count
from lsp_server.context.outline import Definition, Outline
from lsp_server.context.outlining import outline_of
from lsp_server.documents import DocumentSnapshot

_MOST_DEFINITIONS = 8
_MOST_METHODS = 12
_LONGEST_HEAD = 200
# A token of code has 3 or 4 characters; what is far longer is not worth counting.
_CHARACTERS_PER_TOKEN = 16
_WORD = re.compile(r"[^\W\d]\w*")
_CALLED = re.compile(r"([^\W\d]\w*)\s*\(")
_ALIKE = 0.75  # of difflib's measure


def excerpt(snapshot: DocumentSnapshot, start: int, end: int, budget: int, count: Count) -> str:
    """The lines of start..end with the bodies of as few functions left out as makes them fit
    `budget` tokens, the last ones first; where that is not enough, the first lines of it. "" where
    not even a line fits."""
    first, last = snapshot.line_of(start), snapshot.line_of(max(start, end - 1))
    outline = outline_of(snapshot)
    bodies = list(_functions(outline.definitions, first, last)) if outline else []

    def fits(text: str) -> bool:
        return len(text) <= budget * _CHARACTERS_PER_TOKEN and count([text])[0] <= budget

    low, high = 0, len(bodies)  # how many of the last bodies are left out
    while outline and low < high:
        middle = (low + high) // 2
        enough = fits(_without(outline, first, last, bodies[len(bodies) - middle :]))
        low, high = (low, middle) if enough else (middle + 1, high)
    if outline:
        lines = _without(outline, first, last, bodies[len(bodies) - low :])
    else:
        lines = snapshot.text[snapshot.line_starts[first] : end]
    return lines if fits(lines) else _first_lines(lines, budget, count)


def _functions(definitions: list[Definition], first: int, last: int) -> Iterator[Definition]:
    """The outermost functions that lie within the lines, in order, none on another's line."""
    for definition in definitions:
        within = first <= definition.first and definition.last <= last
        if definition.container or not within:
            yield from _functions(definition.children, first, last)
        elif within:
            yield definition
            first = definition.last + 1


def _without(outline: Outline, first: int, last: int, bodies: list[Definition]) -> str:
    """The lines without these bodies."""
    pieces, line = [], first
    for definition in bodies:
        elided = outline.elided(definition)
        if elided is not None:
            pieces += [outline.lines(line, definition.first - 1), elided]
            line = definition.last + 1
    return "".join([*pieces, outline.lines(line, last)])


def _first_lines(text: str, budget: int, count: Count) -> str:
    """As many whole lines as fit, by halving."""
    lines = text[: budget * _CHARACTERS_PER_TOKEN].splitlines(keepends=True)[:-1]
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        fits = count(["".join(lines[:middle])])[0] <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    return "".join(lines[:low])


def definitions_used(snapshot: DocumentSnapshot, first: int, last: int) -> list[str]:
    """The heads of the functions and classes that lines `first` to `last` name and that stand
    elsewhere in the file, in its order, a class with its methods. A name that the file does not
    define stands for those that are spelled nearly so: it may be a slip."""
    outline = outline_of(snapshot)
    if outline is None:
        return []
    used = set(_WORD.findall(outline.lines(first, last)))
    heads = {
        id(definition): (definition, _head(outline, definition))
        for definition in _all(outline.definitions)
        if definition.last < first or definition.first > last
    }
    names = {key: _name(head) for key, (_, head) in heads.items()}
    wanted = used | _nearly(_unknown(snapshot, outline, first, last), set(names.values()))
    shown: list[str] = []
    within = -1  # the last line of the class that is shown with its methods
    for key, (definition, head) in heads.items():
        if names[key] in wanted and definition.first > within:
            shown.append(_with_methods(outline, definition, head))
            within = definition.last if definition.container else within
    return shown[:_MOST_DEFINITIONS]


def _unknown(snapshot: DocumentSnapshot, outline: Outline, first: int, last: int) -> set[str]:
    """What these lines call that stands nowhere else in the file."""
    called = set(_CALLED.findall(outline.lines(first, last)))
    start, end = outline.line_start(first), outline.line_start(last + 1)
    return called - set(_WORD.findall(snapshot.text[:start] + snapshot.text[end:]))


def _nearly(words: set[str], names: set[str]) -> set[str]:
    return {name for word in words for name in get_close_matches(word, names, 1, _ALIKE)}


def _with_methods(outline: Outline, definition: Definition, head: str) -> str:
    """The head; of a class, followed by its methods' heads."""
    if not definition.container:
        return head
    methods = [_head(outline, child) for child in definition.children if not child.container]
    return "\n".join([head, *(f"    {method}" for method in methods[:_MOST_METHODS])])


def _all(definitions: list[Definition]) -> list[Definition]:
    return [found for d in definitions for found in (d, *_all(d.children))]


def _head(outline: Outline, definition: Definition) -> str:
    """The definition's head as one line, without decorators and the brace or colon at its end."""
    lines = outline.lines(definition.first, outline.head_last(definition)).split("\n")
    lines = [line.strip() for line in lines if not line.lstrip().startswith(("@", "#["))]
    return " ".join(filter(None, lines)).partition("{")[0].rstrip(" :")[:_LONGEST_HEAD]


def _name(head: str) -> str:
    """What the head defines: the last word before its parameters or bases."""
    words = _WORD.findall(re.split(r"[(<:=]", head)[0])
    return words[-1] if words else ""
