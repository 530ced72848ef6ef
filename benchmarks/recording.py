"""Typing as it is replayed: real functions whose lines are typed anew, key by key."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Files of the standard library, and lines that are taken out and typed again. One has a slip that
# is taken back, and between the places the cursor jumps.
PLACES = [
    ("textwrap.py", "chunks.reverse()"),
    ("textwrap.py", "if not self.break_on_hyphens or self.width < 4:"),
    ("bisect.py", "mid = (lo + hi) // 2"),
    ("shlex.py", "self.instream = StringIO(instream)"),
    ("csv.py", "quotes[quotechar] = quotes.get(quotechar, 0) + 1"),
    ("fnmatch.py", "pat = os.path.normcase(pat)"),
]
_SLIP_AT, _SLIP = 6, "x"


@dataclass(frozen=True)
class Key:
    """The document after a key, the cursor in it, and what the key did to it."""

    file: str
    text: str
    offset: int
    first: bool
    """The cursor jumped here before this key."""


def recorded(keys_a_place: int) -> Iterator[Key]:
    """The keys of every place, at most so many each."""
    for file, wanted in PLACES:
        yield from _typed(file, wanted, keys_a_place)


def _typed(file: str, wanted: str, most: int) -> Iterator[Key]:
    path = Path(__import__("bisect").__file__).parent / file
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    number = next((i for i, line in enumerate(lines) if line.strip() == wanted), len(lines) // 2)
    line = lines[number].strip()
    start = sum(map(len, lines[:number])) + len(lines[number]) - len(lines[number].lstrip())
    before, after = source[:start], source[start + len(line) :]
    typed = ""
    for count, text in enumerate(_keys(line)):
        if count == most:
            return
        typed = typed[:-1] if text == "\b" else typed + text
        yield Key(file, before + typed + after, start + len(typed), first=count == 0)


def _keys(line: str) -> Iterator[str]:
    yield from line[:_SLIP_AT]
    yield from (_SLIP, "\b")
    yield from line[_SLIP_AT:]
