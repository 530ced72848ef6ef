"""Typing as it is replayed: what a person did to real files, event by event.

A place is a file, a line in it, and what was typed there: each character is a key, and besides

    ↵  a new line, indented as editors do      ⌫  the last character taken back
    …  a moment's thought                      ⇥{...}  the suggestion accepted whole
                                               →{...}  its first word accepted

What stands in the braces is put there where nothing was suggested. What was accepted becomes the
document, right or wrong, so after the first of them the two ways may type in different texts.
"""

import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Place:
    """Where the cursor jumps to, and what is typed. `at` is a line of the file: it is emptied for
    `retype`; with `after` the cursor comes to its end."""

    file: str
    how: Literal["retype", "after"]
    at: str
    typed: str


# The standard library, which models know by heart, and packages that are newer than the models.
# From place to place the cursor jumps, within a file and between files, and comes back.
PLACES = [
    Place("textwrap.py", "retype", "chunks.reverse()", "chunks.x⌫r⇥{everse()}↵# t"),
    Place(
        *("csv.py", "retype", "header = dict(zip(self.fieldnames, self.fieldnames))"),
        "header = →{dict(zip(self.fieldnames,} s",
    ),
    Place(
        *("pygls/protocol/json_rpc.py", "retype", "future.add_done_callback(callback)"),
        "future.ad…d⇥{_done_callback(callback)}",
    ),
    Place(
        *("textwrap.py", "retype", "width = self.width - len(indent)"),
        "width = s⇥{elf.width - len(indent)}↵if w",
    ),
    Place("textwrap.py", "retype", "cur_len = sum(map(len, cur_line))", "cur_len = su…m("),
    Place(
        *("pygls/workspace/workspace.py", "after", "self._folders[unquote(folder.uri)] = folder"),
        "↵self._s⌫r",
    ),
    Place("pathspec/util.py", "retype", "str_path += os.sep", "str_path +=⇥{ os.sep}"),
    Place("bisect.py", "retype", "mid = (lo + hi) // 2", "mid = (⇥{lo + hi) // 2}↵if"),
    Place(
        *("pygls/workspace/workspace.py", "retype", "doc_uri = text_document.uri"),
        "doc_uri = t",
    ),
]


@dataclass(frozen=True)
class Arrive:
    """The cursor jumps."""

    place: Place


@dataclass(frozen=True)
class Type:
    text: str


@dataclass(frozen=True)
class Newline:
    pass


@dataclass(frozen=True)
class Erase:
    pass


@dataclass(frozen=True)
class Accept:
    word: bool
    otherwise: str


@dataclass(frozen=True)
class Think:
    seconds: float = 0.7


Key = Type | Newline | Erase | Accept
Event = Arrive | Think | Key
_SIGNS = re.compile(r"(?P<accept>[⇥→])\{(?P<otherwise>.*?)\}|(?P<key>.)")


def recorded(most: int) -> Iterator[Event]:
    """Everything that was done, at most so many keys a place."""
    for place in PLACES:
        yield Arrive(place)
        keys = 0
        for event in typed(place.typed):
            keys += not isinstance(event, Think)
            if keys > most:
                break
            yield event


def typed(script: str) -> Iterator[Event]:
    """The events that a place's signs stand for."""
    for sign in _SIGNS.finditer(script):
        if sign["accept"]:
            yield Accept(sign["accept"] == "→", sign["otherwise"])
        elif sign["key"] == "↵":
            yield Newline()
        elif sign["key"] == "⌫":
            yield Erase()
        elif sign["key"] == "…":
            yield Think()
        else:
            yield Type(sign["key"])


def source(file: str) -> str:
    """A file of the standard library, or of an installed package. Raises OSError."""
    package, _, rest = file.partition("/")
    spec = find_spec(package) if rest else None
    if spec and spec.origin:
        return (Path(spec.origin).parent / rest).read_text(encoding="utf-8")
    return (Path(sysconfig.get_path("stdlib")) / file).read_text(encoding="utf-8")
