"""Messages from a pipe, without threads; and where pygls' own reader has to do it."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from lsp_server.handlers.standard_input import pipe_reader

BODY = "é".encode() * 200_000


@pytest.fixture
def nowhere():
    with Path(os.devnull).open("wb") as out:
        yield out


async def test_lines_and_bodies_of_a_pipe(nowhere):
    end, start = os.pipe()

    def send():
        with os.fdopen(start, "wb") as sender:
            sender.write(b"Content-Length: 400000\r\n\r\n" + BODY)

    with os.fdopen(end, "rb") as stdin:
        reader = pipe_reader(stdin, nowhere)
        sending = asyncio.create_task(asyncio.to_thread(send))
        assert await reader.readline() == b"Content-Length: 400000\r\n"
        assert await reader.readline() == b"\r\n"
        assert await reader.readexactly(len(BODY)) == BODY
        assert await reader.readline() == b""
        await sending


async def test_an_editor_that_goes_in_the_middle_of_a_message_is_an_end(nowhere):
    end, start = os.pipe()
    with os.fdopen(end, "rb") as stdin:
        reader = pipe_reader(stdin, nowhere)
        os.write(start, b"half")
        os.close(start)
        assert await reader.readexactly(400) == b""


def test_a_file_is_not_for_the_loop(tmp_path, nowhere):
    file = tmp_path / "messages"
    file.write_bytes(b"")
    with file.open("rb") as stdin:
        assert pipe_reader(stdin, nowhere) is None


def test_one_socket_for_both_ways_stays_blocking():
    """Output that can't be written at once must wait, not fail."""
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as stdin, ours.makefile("wb") as stdout:
        assert pipe_reader(stdin, stdout) is None
