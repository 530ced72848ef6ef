"""Where the shared engine listens: a unix socket in the user's runtime folder, open to nobody else.

The name carries the version and what was loaded, so that servers of another version or with other
models never join an engine that can't serve them.
"""

import fcntl
import hashlib
import json
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import attrs

from lsp_server import __version__
from lsp_server.config import Config
from lsp_server.errors import EngineError


@dataclass(frozen=True)
class Address:
    """The files of one engine, side by side in the runtime folder."""

    socket: Path

    @property
    def lock(self) -> Path:
        """Held by the engine as long as it lives, so that two starting at once end with one."""
        return self.socket.with_suffix(".lock")

    @property
    def starting(self) -> Path:
        """Held by the server that is starting the engine, so that ten windows start one."""
        return self.socket.with_suffix(".starting")

    @property
    def state(self) -> Path:
        """What the engine is doing, for the next one to read if it dies."""
        return self.socket.with_suffix(".json")


def runtime_folder() -> Path:
    """The user's own folder for sockets, made with mode 0700. Raises EngineError where it is
    someone else's."""
    from platformdirs import user_runtime_path

    with warnings.catch_warnings():
        # It warns where it falls back to a folder under /tmp, which is checked below.
        warnings.simplefilter("ignore")
        folder = user_runtime_path("codellama-lsp")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_owner(folder.parent)
    check_owner(folder)
    return folder


def address_for(config: Config) -> Address:
    """The address of the engine for these settings."""
    loaded = [attrs.asdict(config.models), attrs.asdict(config.engine), config.infill.family]
    digest = hashlib.sha256(json.dumps(loaded, sort_keys=True).encode()).hexdigest()[:8]
    return Address(runtime_folder() / f"engine-{__version__}-{digest}.sock")


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether the lock could be had; it is held while the body runs, and the system frees it
    however this process dies."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def check_owner(path: Path) -> None:
    """Raises EngineError where the file is not the user's own or others may write to it."""
    found = path.lstat()
    if found.st_uid != os.getuid() or stat.S_ISLNK(found.st_mode) or found.st_mode & 0o022:
        raise EngineError(
            f"{path} belongs to someone else, so it is not used.",
            "Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
        )
