"""Standard input read by the event loop itself.

pygls reads each line of a message's head, and its body, on a thread of a pool: four changes of
thread for every key. A pipe or a socket, which is what editors give, the loop can read.
"""

import asyncio
import os
import stat
import sys
from typing import BinaryIO


class PipeReader:
    """pygls' reader over a pipe, connected when it is first read."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._stream: asyncio.StreamReader | None = None

    async def readline(self) -> bytes:
        return await (await self._connected()).readline()

    async def readexactly(self, n: int) -> bytes:
        try:
            return await (await self._connected()).readexactly(n)
        except asyncio.IncompleteReadError:
            return b""  # the editor has gone in the middle of a message

    async def _connected(self) -> asyncio.StreamReader:
        if self._stream is None:
            self._stream = stream = asyncio.StreamReader()
            await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(stream), self._pipe
            )
        return self._stream


def pipe_reader(stdin: BinaryIO, stdout: BinaryIO) -> PipeReader | None:
    """What reads messages from `stdin`; None where pygls' own reader has to: on Windows, for a
    terminal or a file, and where the output is the same socket, which would become non-blocking
    with the input."""
    if sys.platform == "win32":
        return None
    try:
        here, there = os.fstat(stdin.fileno()), os.fstat(stdout.fileno())
    except (OSError, ValueError):
        return None
    is_pipe = stat.S_ISFIFO(here.st_mode) or stat.S_ISSOCK(here.st_mode)
    same = (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
    return PipeReader(stdin) if is_pipe and not same else None
