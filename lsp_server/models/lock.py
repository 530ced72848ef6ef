"""One pull of a file at a time, across processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_server.errors import DownloadError
from lsp_server.locks import locked


@contextmanager
def pull_lock(final: Path) -> Iterator[None]:
    """Hold the lock of `final`. Raises DownloadError if another process holds it."""
    with locked(final.with_name(f".{final.name}.lock")) as ours:
        if not ours:
            raise DownloadError(
                f"{final.name} is being fetched by another codellama-lsp.",
                "Wait until that one is done.",
            )
        yield
