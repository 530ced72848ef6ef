"""The Jinja part of an action template: compiled and checked in the sandbox.

It stands apart because importing Jinja takes a tenth of a server's start; it is needed first when
an action is performed.
"""

from pathlib import Path

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lsp_server.errors import PromptFileError

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class TemplateBody:
    """A compiled body and `names`, the variables that it uses."""

    def __init__(self, path: Path, text: str, lines_before: int, known: frozenset[str]) -> None:
        """Raises PromptFileError, naming file and line, for syntax and for variables not known."""
        self._path = path
        try:
            tree = _ENVIRONMENT.parse(text)
            self._template = _ENVIRONMENT.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            line = lines_before + error.lineno
            raise PromptFileError(f"{path}, line {line}: {error.message}") from error
        used = list(tree.find_all(nodes.Name))
        assigned = {node.name for node in used if node.ctx != "load"}
        for node in used:
            if node.name not in known | assigned | {"loop"}:
                raise PromptFileError(
                    f"{path}, line {lines_before + node.lineno}: unknown variable {node.name!r}.",
                    f"There are {', '.join(sorted(known))}.",
                )
        self.names = frozenset(node.name for node in used) & known

    def render(self, variables: dict[str, str]) -> str:
        """Raises PromptFileError where the template itself fails."""
        try:
            return self._template.render(variables).strip("\n")
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise PromptFileError(
                f"The prompt {self._path.name} can't be rendered: {error}"
            ) from error
