"""The engine's place to listen at, as long as it lives."""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_server.engine.address import Address
from lsp_server.engine.loopback import HOST, Place, new_token, write_place


@contextmanager
def listening(address: Address) -> Iterator[tuple[socket.socket, str | None]]:
    """A listening socket, and the token to ask for where others can reach it. The address is there
    for clients while the body runs. Only the holder of the address's lock may do this."""
    # What a dead engine left: nobody is to wait for an answer there.
    _remove(address)
    token = new_token() if address.is_loopback else None
    with _loopback() if token else unix_socket(address.path) as listener:
        listener.listen()
        if token:
            write_place(address.path, Place(listener.getsockname()[1], token))
        try:
            yield listener, token
        finally:
            _remove(address)


def unix_socket(path: Path) -> socket.socket:
    """A unix socket, from its first moment open to the owner only."""
    if sys.platform == "win32":
        raise AssertionError("Windows has no unix sockets in Python")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(umask)
    return listener


def _loopback() -> socket.socket:
    """A free port of this machine, taken by nobody else."""
    # The protocol has to be named: asyncio sends without Nagle's delay only where it is, and that
    # delay, with the other side's, is 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform == "win32":
        # Without it another process may bind the same port and get our clients.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    listener.bind((HOST, 0))
    return listener


def _remove(address: Address) -> None:
    # Windows refuses while a client has the file open; what it says is of no use any more.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        address.path.unlink()
