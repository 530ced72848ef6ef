"""Where the shared engine listens: a unix socket in the user's runtime folder, open to nobody else;
where there are none, on loopback, with a file there that says how.

The name carries the version and what was loaded, so that servers of another version or with other
models never join an engine that can't serve them.
"""

import hashlib
import json
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import attrs

from lsp_server import __version__
from lsp_server.config import Config
from lsp_server.errors import EngineError
from lsp_server.ownership import is_own

_SOCKET = ".sock"
_LOOPBACK = ".port"
_LONGEST_SOCKET = 103  # bytes; macOS has room for these and a zero, Linux for four more
_OWN_FOLDER = "Remove it, or set XDG_RUNTIME_DIR to a folder of your own."


@dataclass(frozen=True)
class Address:
    """The files of one engine, side by side in the runtime folder.

    `path` is its unix socket, or the file with its port and token (engine/loopback.py).
    """

    path: Path

    @property
    def is_loopback(self) -> bool:
        return self.path.suffix == _LOOPBACK

    @property
    def lock(self) -> Path:
        """Held by the engine as long as it lives, so that two starting at once end with one."""
        return self.path.with_suffix(".lock")

    @property
    def starting(self) -> Path:
        """Held by the server that is starting the engine, so that ten windows start one."""
        return self.path.with_suffix(".starting")

    @property
    def state(self) -> Path:
        """What the engine is doing, for the next one to read if it dies."""
        return self.path.with_suffix(".json")


def runtime_folder() -> Path:
    """The user's own folder for sockets, made with mode 0700. Raises EngineError where it is
    someone else's."""
    from platformdirs import user_runtime_path, user_state_path

    if sys.platform == "win32":
        # Its runtime folder is among the temporary files, which the system may clear away.
        folder = user_state_path("codellama-lsp", appauthor=False) / "engines"
    else:
        with warnings.catch_warnings():
            # It warns where it falls back to a folder under /tmp, which is checked below.
            warnings.simplefilter("ignore")
            try:
                folder = user_runtime_path("codellama-lsp")
            except PermissionError as error:  # that one is someone else's
                raise EngineError(f"{error}.", _OWN_FOLDER) from error
    for one in (folder.parent, folder):
        one.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_owner(one)
    return folder


def address_for(config: Config) -> Address:
    """The address of the engine for these settings. Raises EngineError where the system has no
    such transport."""
    loaded = [attrs.asdict(config.models), attrs.asdict(config.engine), config.infill.family]
    digest = hashlib.sha256(json.dumps(loaded, sort_keys=True).encode()).hexdigest()[:8]
    name = f"engine-{__version__}-{digest}"
    return Address(_path(runtime_folder(), name, config.engine.transport))


def addresses() -> list[Address]:
    """Every address in the runtime folder, whether or not its engine still lives."""
    found = [
        path for path in runtime_folder().glob("engine-*") if path.suffix in (_SOCKET, _LOOPBACK)
    ]
    return [Address(path) for path in sorted(found)]


def check_owner(path: Path) -> None:
    """Raises EngineError where the file is not the user's own or others may write to it."""
    if not is_own(path.lstat()):
        raise EngineError(
            f"{path} belongs to someone else, so it is not used.",
            _OWN_FOLDER,
        )


def can_be_socket(path: Path) -> bool:
    """Whether the system can have a unix socket of that name, and Python open it."""
    return sys.platform != "win32" and len(os.fsencode(path)) <= _LONGEST_SOCKET


def _path(folder: Path, name: str, transport: str) -> Path:
    socket = folder / f"{name}{_SOCKET}"
    can_be = can_be_socket(socket)
    if transport == "socket" and not can_be:
        raise EngineError(
            f"engine.transport is socket, but none can be made at {socket}: Python has none on "
            "Windows, and elsewhere their names may not be so long.",
            "Set it to auto or loopback.",
        )
    return socket if can_be and transport != "loopback" else socket.with_suffix(_LOOPBACK)
