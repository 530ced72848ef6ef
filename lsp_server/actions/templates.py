"""Actions are files: prompts/actions/*.md, a YAML front matter and the user message's template.

The template is Jinja in its sandbox, checked when it is loaded: a key or a variable that does not
exist is an error with file and line. Values are inserted verbatim and never interpreted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast, get_args

import yaml

from lsp_server.errors import PromptFileError
from lsp_server.prompting.files import prompts_dir

if TYPE_CHECKING:
    from lsp_server.actions.template_body import TemplateBody

Applies = Literal["selection", "diagnostic", "comment"]
Produces = Literal["page", "edit", "insertion"]

_FRONT_MATTER = re.compile(r"---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_KIND = re.compile(r"[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)*")
_KEYS = ("title", "kind", "applies", "produces", "max_tokens")
_OPTIONAL = ("max_tokens",)


@dataclass(frozen=True)
class Variables:
    """What a template may name. All text has `\\n` line ends."""

    language: str
    file_name: str
    selection: str
    context: str = ""
    diagnostics: str = ""
    instruction: str = ""
    fence: str = "```"
    """Backticks, longer than any run of them in the selection and the context."""


_NAMES = frozenset(f.name for f in fields(Variables))


@dataclass(frozen=True)
class ActionTemplate:
    """One action. `page` shows the answer, `edit` puts it in the selection's place, `insertion`
    adds it to the selection. `kind` is its LSP code action kind."""

    name: str
    title: str
    kind: str
    applies: frozenset[Applies]
    produces: Produces
    max_tokens: int | None
    path: Path
    text: str = field(repr=False)
    lines_before: int
    """How many lines of the file stand before the text."""

    @cached_property
    def body(self) -> "TemplateBody":
        """The compiled text. Raises PromptFileError, naming file and line."""
        from lsp_server.actions.template_body import TemplateBody

        return TemplateBody(self.path, self.text, self.lines_before, _NAMES)

    @property
    def names(self) -> frozenset[str]:
        """The variables that the template uses."""
        return self.body.names

    @property
    def edits(self) -> bool:
        return self.produces != "page"

    def render(self, variables: Variables) -> str:
        """The user message. Raises PromptFileError where the template itself fails."""
        return self.body.render(vars(variables))


def load_templates(folder: Path | None = None) -> dict[str, ActionTemplate]:
    """The actions by name, in the order of their files' names; their texts are compiled when they
    are used. Raises PromptFileError."""
    folder = folder or prompts_dir() / "actions"
    return {path.stem: _read_template(path) for path in sorted(folder.glob("*.md"))}


def load_template(path: Path) -> ActionTemplate:
    """Read one file and check all of it. Raises PromptFileError, naming file and line."""
    template = _read_template(path)
    template.render(Variables("", "", ""))
    return template


def _read_template(path: Path) -> ActionTemplate:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptFileError(f"{path} can't be read: {error}.") from error
    match = _FRONT_MATTER.match(text)
    if match is None:
        _refuse(path, 1, "the file must begin with a front matter between two lines of ---.")
    keys = _front_matter(path, match[1])
    return ActionTemplate(
        name=path.stem,
        path=path,
        text=text[match.end() :],
        lines_before=text.count("\n", 0, match.end()),
        **keys,
    )


def _refuse(path: Path, line: int, problem: str, hint: str = "") -> NoReturn:
    raise PromptFileError(f"{path}, line {line}: {problem}", hint)


def _front_matter(path: Path, text: str) -> dict[str, Any]:
    """The checked values of every key. The front matter's first line is the file's second."""
    keys: dict[str, Any] = dict.fromkeys(_OPTIONAL)
    for name, value, line in _entries(path, text):
        if name not in _KEYS:
            _refuse(path, line, f"unknown key {name!r}.", f"The keys are {', '.join(_KEYS)}.")
        if keys.get(name) is not None:
            _refuse(path, line, f"{name} is there twice.")
        problem = _problem(name, value)
        if problem:
            _refuse(path, line, f"{name} {problem}, not {value!r}.")
        keys[name] = frozenset(_as_list(value)) if name == "applies" else value
    missing = [name for name in _KEYS if name not in keys]
    if missing:
        _refuse(path, 1, f"the front matter has no {missing[0]}.")
    return keys


def _entries(path: Path, text: str) -> Iterator[tuple[str, Any, int]]:
    """Each key of the front matter with its value and its line in the file."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not YAML"
        _refuse(path, mark.line + 2 if mark else 2, f"{problem}.")
    if not isinstance(root, yaml.MappingNode):
        _refuse(path, 2, "the front matter must be keys and values.")
    for key, _ in root.value:
        name = str(key.value)
        yield name, cast("dict[str, Any]", values).get(name), key.start_mark.line + 2


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _problem(name: str, value: Any) -> str | None:
    """What is wrong with a key's value, said as what it must be."""
    match name:
        case "title":
            wrong, rule = not (isinstance(value, str) and value.strip()), "must be a text"
        case "kind":
            wrong = not (isinstance(value, str) and _KIND.fullmatch(value))
            rule = "must be a code action kind such as quickfix or refactor.rewrite"
        case "applies":
            values = _as_list(value)
            wrong = not values or any(v not in get_args(Applies) for v in values)
            rule = f"must be one or more of {', '.join(get_args(Applies))}"
        case "produces":
            wrong = value not in get_args(Produces)
            rule = f"must be one of {', '.join(get_args(Produces))}"
        case _:
            wrong = type(value) is not int or value < 1
            rule = "must be a whole number of at least 1"
    return rule if wrong else None
