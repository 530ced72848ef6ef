"""Actions from several folders, live: the shipped ones, the user's own, an allowed workspace's.

A file in a later folder replaces the action of the same name. Folders are looked at each time the
menu opens, by names and times alone; only a file that changed is read again.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.actions.templates import (
    ActionTemplate,
    load_template,
    read_template,
    shipped_actions,
)
from lsp_server.errors import PromptFileError

_WORKSPACE_ACTIONS = Path(".codellama", "actions")

Stamp = tuple[int, int]  # the file's time in nanoseconds and its size


def user_actions() -> Path:
    """The user's own actions: $CODELLAMA_LSP_ACTIONS, else in the user's configuration folder."""
    from platformdirs import user_config_path

    named = os.environ.get("CODELLAMA_LSP_ACTIONS")
    return Path(named) if named else user_config_path("codellama-lsp", appauthor=False) / "actions"


def workspace_actions(folders: Iterable[Path], allowed: Iterable[str]) -> list[Path]:
    """The folders of actions in those workspace folders that the user allowed by name. A file in a
    workspace is a stranger's: it says what the model is told about the user's code."""
    trusted = {_resolved(Path(name)) for name in allowed if Path(name).expanduser().is_absolute()}
    return [folder / _WORKSPACE_ACTIONS for folder in folders if _resolved(folder) in trusted]


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path.expanduser()))


@dataclass(frozen=True)
class _Read:
    """A file as it was read: the action, or what is wrong with it."""

    stamp: Stamp
    template: ActionTemplate | None
    problem: PromptFileError | None


class ActionFolders:
    """Gives the actions of the shipped folder and of others laid over it."""

    def __init__(self, shipped: Path | None = None) -> None:
        self._shipped = shipped or shipped_actions()
        self._read: dict[Path, _Read] = {}
        self._untold: list[PromptFileError] = []

    def actions(self, own: Sequence[Path] = ()) -> dict[str, ActionTemplate]:
        """The actions by name: the shipped ones in their order, then the own new ones. A broken
        file counts as not there; `take_problems` tells it once."""
        found: dict[str, ActionTemplate] = {}
        for folder in (self._shipped, *own):
            for path, stamp in sorted(_files(folder).items()):
                template = self._template(path, stamp)
                if template:
                    found[path.stem] = template
        return found

    def take_problems(self) -> list[PromptFileError]:
        """What is wrong with files, each state of a file once."""
        problems, self._untold = self._untold, []
        return problems

    def _template(self, path: Path, stamp: Stamp) -> ActionTemplate | None:
        known = self._read.get(path)
        if known is None or known.stamp != stamp:
            known = self._read[path] = self._read_file(path, stamp)
            if known.problem:
                self._untold.append(known.problem)
        return known.template

    def _read_file(self, path: Path, stamp: Stamp) -> _Read:
        # Checking a whole file takes Jinja, a tenth of a second: the shipped ones have their test.
        load = read_template if path.parent == self._shipped else load_template
        try:
            return _Read(stamp, load(path), None)
        except PromptFileError as error:
            return _Read(stamp, None, error)


def _files(folder: Path) -> dict[Path, Stamp]:
    """The action files in a folder with their stamps; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return {
                folder / entry.name: (entry.stat().st_mtime_ns, entry.stat().st_size)
                for entry in entries
                if entry.name.endswith(".md") and not entry.name.startswith(".")
            }
    except OSError:
        return {}
