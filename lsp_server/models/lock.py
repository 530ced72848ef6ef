"""One pull of a file at a time, across processes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_server.errors import DownloadError


@contextmanager
def pull_lock(final: Path) -> Iterator[None]:
    """Hold the lock of `final`; the system frees it if this process dies.

    The lock file stays: removing it would let two processes hold locks on two files of one name.
    Raises DownloadError if another process holds it.
    """
    descriptor = os.open(final.with_name(f".{final.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _try_lock(descriptor):
            raise DownloadError(
                f"{final.name} is being fetched by another codellama-lsp.",
                "Wait until that one is done.",
            )
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
