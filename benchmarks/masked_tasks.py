"""Gaps in real code: lines and blocks taken out of long files of the installed packages.

The same packages give the same tasks. Files are dealt to two sets by their names: what rules of the
product are tuned on (`tuned`), and what nobody looks at (`held-out`).
"""

import ast
import random
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

import pygls

PACKAGES = Path(pygls.__file__).parents[1]
SETS = ("tuned", "held-out")
_SHORTEST_FILE, _LONGEST_FILE = 24_000, 600_000
_FILES_A_PACKAGE = 6
# Files of others that packages carry along, and tests.
_NOT_OWN = re.compile(r"(^|/)(tests?|_?vendor(ed)?|testing|_vendored_packages)/|/test_")
_CLOSER = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Masked:
    """A document with the cursor at `offset`; `after` is where what was never taken out begins.

    Between them may stand closers, as an editor puts them there by itself. `original` is the
    document as it was.
    """

    kind: str
    path: Path
    original: str
    text: str
    offset: int
    after: int

    @property
    def id(self) -> str:
        line = self.text.count("\n", 0, self.offset) + 1
        return f"{self.path.relative_to(PACKAGES).as_posix()}:{line} {self.kind}"

    @property
    def wanted(self) -> str:
        """What stood where the cursor is."""
        return self.middle(self.original)

    def middle(self, completed: str) -> str:
        """What stands between the unchanged parts of a completed document."""
        return completed[self.offset : len(completed) - (len(self.text) - self.after)]


def tasks(chosen_set: str, count: int) -> list[Masked]:
    """About so many tasks of a set, as many of each kind: one file after the other, of every
    package one before any has two."""
    found: list[Masked] = []
    for path in _files(chosen_set):
        found += _of_file(path)
        if len(found) >= count:
            return found[:count]
    return found


def _files(chosen_set: str) -> Iterator[Path]:
    by_package: dict[str, list[Path]] = {}
    for path in sorted(PACKAGES.rglob("*.py")):
        name = path.relative_to(PACKAGES).as_posix()
        if SETS[_digest(name)[0] % 2] != chosen_set or _NOT_OWN.search(name):
            continue
        if _SHORTEST_FILE <= path.stat().st_size <= _LONGEST_FILE:
            by_package.setdefault(name.split("/")[0], []).append(path)
    for paths in by_package.values():
        paths.sort(key=lambda path: _digest(path.name))
    for round_ in zip_longest(*(paths[:_FILES_A_PACKAGE] for paths in by_package.values())):
        yield from (path for path in round_ if path is not None)


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _of_file(path: Path) -> list[Masked]:
    """One gap of each kind that the file has a place for."""
    text = path.read_text(encoding="utf-8", errors="replace")
    tree = parsed(text)
    if tree is None or "\r" in text or "\f" in text:
        return []
    chance = random.Random(_digest(path.name))
    lines = text.split("\n")
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return [
        gap
        for kind, cut in _KINDS.items()
        if (gap := _first_gap(kind, cut, path, text, lines, statements, chance)) is not None
    ]


Cut = Callable[[ast.stmt, list[str], random.Random], "tuple[int, int, int, str] | None"]


def _first_gap(
    kind: str,
    cut: Cut,
    path: Path,
    text: str,
    lines: list[str],
    statements: list[ast.stmt],
    chance: random.Random,
) -> Masked | None:
    """The first statement's gap: (line, column, the line after the gap's last, closers)."""
    for node in chance.sample(statements, len(statements)):
        found = cut(node, lines, chance)
        if found is None:
            continue
        line, column, end, closers = found
        start = sum(len(one) + 1 for one in lines[:line]) + column
        stop = sum(len(one) + 1 for one in lines[:end]) - 1
        gapped = text[:start] + closers + text[stop:]
        return Masked(kind, path, text, gapped, start, start + len(closers))
    return None


def _line(
    node: ast.stmt, lines: list[str], chance: random.Random
) -> tuple[int, int, int, str] | None:
    """A whole statement of one line in a function, its indentation left."""
    if not _is_plain(node, lines):
        return None
    return node.lineno - 1, node.col_offset, node.lineno, ""


def _rest(
    node: ast.stmt, lines: list[str], chance: random.Random
) -> tuple[int, int, int, str] | None:
    """The rest of a line, from somewhere in its middle."""
    if not _is_plain(node, lines):
        return None
    line = lines[node.lineno - 1]
    first, last = node.col_offset + 3, len(line) - 6
    if last <= first:
        return None
    return node.lineno - 1, chance.randint(first, last), node.lineno, ""


def _closed(
    node: ast.stmt, lines: list[str], chance: random.Random
) -> tuple[int, int, int, str] | None:
    """The rest of a line from inside brackets, the closers left as an editor puts them."""
    if not _is_plain(node, lines):
        return None
    line = lines[node.lineno - 1]
    if re.search(r"['\"#]", line):  # where brackets may be text
        return None
    places = []
    for match in re.finditer(r"[(\[{]|, ", line):
        closers = _open_at(line[: match.end()])
        if closers and len(line) - match.end() >= 6:
            places.append((match.end(), closers))
    if not places:
        return None
    column, closers = chance.choice(places)
    return node.lineno - 1, column, node.lineno, closers


def _open_at(code: str) -> str:
    waiting: list[str] = []
    for letter in code:
        if letter in _CLOSER:
            waiting.append(_CLOSER[letter])
        elif waiting and letter == waiting[-1]:
            waiting.pop()
    return "".join(reversed(waiting))


def _block(
    node: ast.stmt, lines: list[str], chance: random.Random
) -> tuple[int, int, int, str] | None:
    """The body of a statement, 2 to 6 lines; the first line's indentation is left."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not isinstance(node, ast.If | ast.For | ast.FunctionDef):
        return None
    first, last = body[0], body[-1]
    if getattr(node, "orelse", None) or isinstance(
        first, ast.Expr | ast.FunctionDef | ast.ClassDef
    ):
        return None
    if not 2 <= last.end_lineno - first.lineno + 1 <= 6 or first.lineno < 100:
        return None
    if (
        lines[first.lineno - 2].strip()[-1:] != ":"
        or len(lines[last.end_lineno - 1]) != last.end_col_offset
    ):
        return None
    return first.lineno - 1, first.col_offset, last.end_lineno, ""


def _is_plain(node: ast.stmt, lines: list[str]) -> bool:
    """A statement that fills one line, deep enough in the file and its functions."""
    if node.lineno != node.end_lineno or node.lineno < 100 or node.col_offset < 4:
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False  # a docstring
    line = lines[node.lineno - 1]
    code = line.strip()
    return (
        line.isascii()
        and 12 <= len(code) <= 100
        and line[: node.col_offset].isspace()
        and ";" not in line
    )


_KINDS: dict[str, Cut] = {"line": _line, "rest": _rest, "closed": _closed, "block": _block}
KINDS = tuple(_KINDS)


def parsed(text: str) -> ast.Module | None:
    """The syntax tree, None where the text is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
