"""Which files are left alone: neither completed nor shown to the model as another file's context.

A file is excluded by the settings' patterns (secrets by default), by a .gitignore of its
repository, or by its size.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from lsp_server.config import Files

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def is_excluded(uri: str, size: int, files: Files) -> bool:
    """Whether a document is left alone. `size` is the length of its text.

    Documents that are no files, such as unsaved ones, are excluded by their size alone.
    """
    if files.max_size_kb and size > files.max_size_kb * 1024:
        return True
    path = path_of(uri)
    return path is not None and is_excluded_path(path, files)


def is_excluded_path(path: Path, files: Files) -> bool:
    """Whether a file is left alone because of where it is and what it is called."""
    if _spec(tuple(files.exclude)).match_file(path.as_posix().lstrip("/")):
        return True
    return files.gitignore and _is_ignored(path)


def path_of(uri: str) -> Path | None:
    """The file of a `file:` uri, or of a notebook's cell; None where there is none."""
    parsed = urlparse(uri)
    if parsed.scheme not in ("file", "vscode-notebook-cell"):
        return None
    path = unquote(parsed.path)
    # A Windows drive comes as /c:/folder.
    return Path(path[1:] if path[2:3] == ":" else path)


def _is_ignored(path: Path) -> bool:
    """By the .gitignore files from the repository's top down; the nearest one has the last word."""
    ignored = False
    for ignore_file in _ignore_files(path):
        spec = _ignore_spec(ignore_file, ignore_file.stat().st_mtime_ns)
        found = spec.check_file(path.relative_to(ignore_file.parent).as_posix())
        ignored = ignored if found.include is None else found.include
    return ignored


def _ignore_files(path: Path) -> list[Path]:
    """The repository's .gitignore files that speak of the path, the top's first; none outside of a
    repository."""
    found: list[Path] = []
    for folder in path.parents:
        ignore_file = folder / ".gitignore"
        if ignore_file.is_file():
            found.append(ignore_file)
        if (folder / ".git").exists():
            return found[::-1]
    return []


@lru_cache(maxsize=256)
def _ignore_spec(ignore_file: Path, changed: int) -> "GitIgnoreSpec":
    """`changed` is when the file was written: an edited one is read anew."""
    return _compiled(ignore_file.read_text(encoding="utf-8", errors="replace").splitlines())


@lru_cache(maxsize=8)
def _spec(patterns: tuple[str, ...]) -> "GitIgnoreSpec":
    return _compiled(patterns)


def _compiled(patterns: Iterable[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)
