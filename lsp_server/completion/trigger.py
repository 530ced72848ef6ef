"""Whether a place may be completed at all: switches, languages, excluded files."""

from lsp_server.config import Config
from lsp_server.context.exclusion import is_excluded
from lsp_server.documents import DocumentSnapshot


def is_wanted(snapshot: DocumentSnapshot, config: Config) -> bool:
    """Whether completions are on for this document."""
    settings = config.completion
    return (
        settings.enabled
        and snapshot.language not in settings.languages_off
        and not is_left_alone(snapshot, config)
    )


def is_left_alone(snapshot: DocumentSnapshot, config: Config) -> bool:
    """Whether the settings say that a document is never shown to a model."""
    return is_excluded(snapshot.uri, len(snapshot.text), config.files)
