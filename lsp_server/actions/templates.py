"""Actions are files: prompts/actions/*.md, a YAML front matter and the user message's template.

The template is Jinja in its sandbox, checked when it is loaded: a key or a variable that does not
exist is an error with file and line. Values are inserted verbatim and never interpreted.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.actions.front_matter import (
    Applies,
    Changes,
    Context,
    Produces,
    read_front_matter,
    refuse,
)
from lsp_server.prompting.files import prompts_dir

if TYPE_CHECKING:
    from lsp_server.actions.template_body import TemplateBody


@dataclass(frozen=True)
class Variables:
    """What a template may name. All text has `\\n` line ends."""

    language: str
    file_name: str
    selection: str
    context: str = ""
    """The code around the selection, where the front matter has `context: outline`."""
    diagnostics: str = ""
    instruction: str = ""
    definitions: str = ""
    """The heads of what the selection names and the file defines elsewhere."""
    attempt: int = 1
    """2 where the first answer could not become an edit, and after that."""
    answer_language: str = "English"
    """What the user reads, by its English name."""
    fence: str = "```"
    """Backticks, longer than any run of them in the selection and the context."""


_NAMES = frozenset(f.name for f in fields(Variables))


@dataclass(frozen=True)
class ActionTemplate:
    """One action. `page` shows the answer, `edit` puts it in the selection's place, `insertion`
    adds it to the selection. `kind` is its LSP code action kind; no `languages` are all."""

    name: str
    title: str
    kind: str
    applies: frozenset[Applies]
    produces: Produces
    languages: frozenset[str]
    changes: Changes
    """An edit that `changes` comments is refused where it changes more."""
    context: Context
    max_tokens: int | None
    temperature: float | None
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


def shipped_actions() -> Path:
    return prompts_dir() / "actions"


def load_templates(folder: Path | None = None) -> dict[str, ActionTemplate]:
    """The shipped actions by name, in the order of their files' names; their texts are compiled
    when they are used. Raises PromptFileError."""
    folder = folder or shipped_actions()
    return {path.stem: read_template(path) for path in sorted(folder.glob("*.md"))}


def load_template(path: Path) -> ActionTemplate:
    """Read one file and check all of it. Raises PromptFileError, naming file and line."""
    template = read_template(path)
    template.render(Variables("", "", ""))
    if "context" in template.names and template.context == "none":
        refuse(path, 1, "the text names context.", "Add `context: outline` to the front matter.")
    return template


def read_template(path: Path) -> ActionTemplate:
    """Read one file and check its front matter. Raises PromptFileError, naming file and line."""
    front = read_front_matter(path)
    return ActionTemplate(
        name=path.stem, path=path, text=front.text, lines_before=front.lines_before, **front.keys
    )
