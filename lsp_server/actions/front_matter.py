"""The front matter of an action's file: its keys, their checks, and errors with file and line."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, cast, get_args

import yaml

from lsp_server.errors import PromptFileError

Applies = Literal["selection", "diagnostic", "comment", "empty-line"]
Produces = Literal["page", "edit", "insertion"]
Context = Literal["none", "outline"]
Changes = Literal["code", "comments"]

_FRONT_MATTER = re.compile(r"---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_KIND = re.compile(r"[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)*")

# libyaml's where it is there: the files are read at the server's start.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class _Key:
    """`accepts` tells a good value, `rule` says what it must be; a key without default is
    required."""

    accepts: Callable[[Any], bool]
    rule: str
    default: Any = None
    required: bool = False


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _one_of(names: Any) -> dict[str, Any]:
    known = get_args(names)
    return {"accepts": lambda v: v in known, "rule": f"must be one of {', '.join(known)}"}


def _some_of(names: Any) -> dict[str, Any]:
    known = get_args(names)
    return {
        "accepts": lambda v: bool(as_list(v)) and all(one in known for one in as_list(v)),
        "rule": f"must be one or more of {', '.join(known)}",
    }


_KEYS = {
    "title": _Key(_is_text, "must be a text", required=True),
    "kind": _Key(
        lambda v: isinstance(v, str) and _KIND.fullmatch(v) is not None,
        "must be a code action kind such as quickfix or refactor.rewrite",
        required=True,
    ),
    "applies": _Key(**_some_of(Applies), required=True),
    "produces": _Key(**_one_of(Produces), required=True),
    "languages": _Key(
        lambda v: bool(as_list(v)) and all(_is_text(one) for one in as_list(v)),
        "must be one or more language ids such as python",
        (),
    ),
    "changes": _Key(**_one_of(Changes), default="code"),
    "context": _Key(**_one_of(Context), default="none"),
    "max_tokens": _Key(lambda v: type(v) is int and v >= 1, "must be a whole number of at least 1"),
    "temperature": _Key(
        lambda v: type(v) in (int, float) and 0 <= v <= 2, "must be a number from 0 to 2"
    ),
}
_SETS = ("applies", "languages")


@dataclass(frozen=True)
class FrontMatter:
    """The checked value of every key, and the text below with the number of lines before it."""

    keys: dict[str, Any]
    text: str
    lines_before: int


def read_front_matter(path: Path) -> FrontMatter:
    """Read a file. Raises PromptFileError, naming file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptFileError(f"{path} can't be read: {error}.") from error
    match = _FRONT_MATTER.match(text)
    if match is None:
        refuse(path, 1, "the file must begin with a front matter between two lines of ---.")
    keys = _checked(path, match[1])
    return FrontMatter(keys, text[match.end() :], text.count("\n", 0, match.end()))


def refuse(path: Path, line: int, problem: str, hint: str = "") -> NoReturn:
    raise PromptFileError(f"{path}, line {line}: {problem}", hint)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _checked(path: Path, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value, line in _entries(path, text):
        key = _KEYS.get(name)
        if key is None:
            refuse(path, line, f"unknown key {name!r}.", f"The keys are {', '.join(_KEYS)}.")
        if name in found:
            refuse(path, line, f"{name} is there twice.")
        if not key.accepts(value):
            refuse(path, line, f"{name} {key.rule}, not {value!r}.")
        found[name] = value
    for name, key in _KEYS.items():
        if key.required and name not in found:
            refuse(path, 1, f"the front matter has no {name}.")
    values = {name: found.get(name, key.default) for name, key in _KEYS.items()}
    return values | {
        name: frozenset(as_list(found[name])) if name in found else frozenset() for name in _SETS
    }


def _entries(path: Path, text: str) -> Iterator[tuple[str, Any, int]]:
    """Each key of the front matter with its value and its line in the file, of which the front
    matter's first line is the second."""
    try:
        root = yaml.compose(text, _LOADER)
        values = yaml.load(text, _LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not YAML"
        refuse(path, mark.line + 2 if mark else 2, f"{problem}.")
    if not isinstance(root, yaml.MappingNode):
        refuse(path, 2, "the front matter must be keys and values.")
    for key, _ in root.value:
        name = str(key.value)
        yield name, cast("dict[str, Any]", values).get(name), key.start_mark.line + 2
