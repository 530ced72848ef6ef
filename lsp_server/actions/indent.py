"""Puts code at the indentation of the place it is for. Pure functions on lists of lines.

A model returns code dedented, or as it stood, or the first line dedented and the rest as it stood;
in tabs where the file has spaces, or in steps of 4 where the file has 2.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from lsp_server.context.indent import indent_of


def indent_unit(lines: Iterable[str], default: str = "    ") -> str:
    """One step of indentation: a tab, or the number of spaces by which most lines step in."""
    tabs, steps, last = 0, Counter[int](), None
    for line in lines:
        if not line.strip():
            continue
        indent = indent_of(line)
        tabs += indent.startswith("\t")
        if "\t" not in indent:
            if last is not None and len(indent) - last in (2, 3, 4, 8):
                steps[len(indent) - last] += 1
            last = len(indent)
    if tabs > steps.total():
        return "\t"
    return " " * steps.most_common(1)[0][0] if steps else default


def reindent(code: Sequence[str], original: Sequence[str], unit: str) -> list[str]:
    """The code's lines, indented to stand where the original's do, in steps of the file's `unit`.
    What is indented against its first line stays so."""
    code = ["" if not line.strip() else line for line in code]
    if not any(code) or not any(line.strip() for line in original):
        return list(code)
    code = _in_units(code, original, unit)
    here = indent_of(next(line for line in code if line))
    target = indent_of(next(line for line in original if line.strip()))
    if here == target:
        return code
    first = next(i for i, line in enumerate(code) if line)
    if _rest_is_in_place(code[first:], original, here, target, unit):
        return [*code[:first], target + code[first].lstrip(), *code[first + 1 :]]
    flush_left = {line for line in original if line.strip() and len(indent_of(line)) < len(target)}
    return [line if line in flush_left else _shifted(line, here, target) for line in code]


def _in_units(code: list[str], original: Sequence[str], unit: str) -> list[str]:
    """The code with its steps of indentation made the file's."""
    own = indent_unit(code, default=unit)
    if own == unit or _relative(code) & _relative(original):
        return code
    return [_in_unit(line, own, unit) for line in code]


def _relative(lines: Sequence[str]) -> set[tuple[str, str]]:
    """The indented lines with their indentation against the first: two texts that share one use
    the same unit."""
    full = [line for line in lines if line.strip()]
    base = indent_of(full[0]) if full else ""
    indents = ((indent_of(line), line.strip()) for line in full)
    return {(i.removeprefix(base), text) for i, text in indents if len(i) > len(base)}


def _in_unit(line: str, own: str, unit: str) -> str:
    indent = indent_of(line)
    depth = 0
    while indent.startswith(own):
        indent, depth = indent[len(own) :], depth + 1
    return unit * depth + indent + line.lstrip(" \t")


def _rest_is_in_place(
    code: Sequence[str], original: Sequence[str], here: str, target: str, unit: str
) -> bool:
    """Whether only the first line lost its indentation. Lines that the original has, too, tell;
    without any, whether the second line fits the target and is too deep for the first."""
    places = {line.strip(): indent_of(line) for line in original if line.strip()}
    same = [(indent_of(line), places[line.strip()]) for line in code[1:] if line.strip() in places]
    if same:
        return sum(found == place for found, place in same) * 2 > len(same)
    second = indent_of(next((line for line in code[1:] if line), ""))
    depth = len(target) - len(here)
    return depth > 0 and second == target + unit and len(second) > len(here + unit)


def _shifted(line: str, here: str, target: str) -> str:
    """The line moved from `here` to `target`; a line left of `here` keeps its distance, at most to
    the margin."""
    if not line:
        return line
    if line.startswith(here):
        return target + line[len(here) :]
    missing = len(here) - len(indent_of(line))
    return target[: max(0, len(target) - missing)] + line.lstrip(" \t")
