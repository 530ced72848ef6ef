"""Whether a place may be completed at all: switches, languages, excluded files."""

from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from lsp_server.config import Config
from lsp_server.documents import DocumentSnapshot

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def is_wanted(snapshot: DocumentSnapshot, config: Config) -> bool:
    """Whether completions are on for this document."""
    settings = config.completion
    return (
        settings.enabled
        and snapshot.language not in settings.languages_off
        and not is_excluded(snapshot.uri, config)
    )


def is_excluded(uri: str, config: Config) -> bool:
    """Whether the settings say that a file is never shown to a model."""
    parsed = urlparse(uri)
    if parsed.scheme != "file":
        return False
    path = PurePath(unquote(parsed.path))
    return _patterns(tuple(config.files.exclude)).match_file(str(path).lstrip("/"))


@lru_cache(maxsize=8)
def _patterns(patterns: tuple[str, ...]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)
