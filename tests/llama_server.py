"""The real llama-server, where it was built: `make llama-server`."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks import peer
from benchmarks.typing import llama_server as started


@asynccontextmanager
async def llama_server(model: Path, *options: str) -> AsyncIterator[str]:
    """Its url. Skips the test where it isn't there."""
    if peer.program("llama-server") is None:
        pytest.skip("llama-server is not built: `make llama-server`")
    async with started.llama_server(model, *options) as http:
        yield str(http.base_url)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
