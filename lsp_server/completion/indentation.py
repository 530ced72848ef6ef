"""A completion's indentation as the file has it: a model may have learnt another."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from lsp_server.completion.limits import lines_in_quotes
from lsp_server.completion.place import Place
from lsp_server.context.headers import opens_block
from lsp_server.context.indent import indent_of, width
from lsp_server.context.languages import Language

_USUAL_STEP = 4
_LOOKED_AT = 8_000
Convert = Callable[[str], str]


def as_the_file(place: Place, lines: list[str]) -> list[str]:
    """The whole lines that a completion makes (see place.lay_out) with the file's tabs, or as many
    spaces a step as it has. Lines that begin inside a string stay as they are."""
    if len(lines) == 1:
        return lines
    quoted = lines_in_quotes(place, lines)
    later = [n for n in range(1, len(lines)) if lines[n].strip() and n not in quoted]
    has_tabs = _has_tabs(place)
    if has_tabs is None:
        return lines
    convert = _to_tabs([lines[n] for n in later]) if has_tabs else _to_spaces(place, lines, later)
    return [convert(line) if n in later else line for n, line in enumerate(lines)]


def _has_tabs(place: Place) -> bool | None:
    """Whether the file is indented with tabs; None where it has no indentation to tell by."""
    indents = re.findall(
        r"^[ \t]{2,}|^\t", place.before[-_LOOKED_AT:] + place.after[:_LOOKED_AT], re.MULTILINE
    )
    tabs = sum(indent[0] == "\t" for indent in indents)
    return 2 * tabs > len(indents) if indents else None


def _to_tabs(later: Sequence[str]) -> Convert:
    """Steps of spaces become tabs; what is no whole step stays, since it aligns something."""
    widths = [len(i) for i in map(indent_of, later) if i.strip("\t") == i and i]
    step = min((w for w in widths if w > 1), default=_USUAL_STEP)
    step = step if all(w % step == 0 for w in widths) and step < 2 * _USUAL_STEP else _USUAL_STEP

    def convert(line: str) -> str:
        indent = indent_of(line)
        if "\t" in indent or len(indent) < step:
            return line
        steps, rest = divmod(len(indent), step)
        return "\t" * steps + " " * rest + line[len(indent) :]

    return convert


def _to_spaces(place: Place, lines: Sequence[str], later: Sequence[int]) -> Convert:
    """Tabs become steps of spaces, and another step than the file's becomes the file's, where the
    first line that is deeper than a header shows one."""
    base = width(lines[0])
    theirs = next(_steps_after_headers(place.language, [lines[0], *(lines[n] for n in later)]), 0)
    if not theirs and not any("\t" in indent_of(lines[n]) for n in later):
        return lambda line: line
    unit = _files_step(place) or theirs or _USUAL_STEP
    deeper = [width(lines[n]) - base for n in later if width(lines[n]) > base]
    rescale = theirs not in (0, unit) and all(d % theirs == 0 for d in deeper)

    def convert(line: str) -> str:
        indent = indent_of(line)
        if "\t" in indent:
            return " " * unit * indent.count("\t") + " " * indent.count(" ") + line[len(indent) :]
        if rescale and len(indent) > base:
            return " " * (base + (len(indent) - base) // theirs * unit) + line[len(indent) :]
        return line

    return convert


def _files_step(place: Place) -> int:
    """The step after most headers near the cursor; 0 where there are none."""
    steps: Counter[int] = Counter()
    for side in (place.before[-_LOOKED_AT:], place.after[:_LOOKED_AT]):
        filled = [line for line in side.split("\n") if line.strip()]
        steps.update(_steps_after_headers(place.language, filled))
    return max(steps, key=lambda step: steps[step], default=0)


def _steps_after_headers(language: Language | None, lines: Sequence[str]) -> Iterator[int]:
    """How much deeper the line after each header is, in columns of spaces."""
    for above, below in pairwise(lines):
        step = width(below) - width(above)
        if step > 0 and "\t" not in indent_of(below) and opens_block(above, language):
            yield step
