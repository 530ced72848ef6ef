"""llama-server of the same llama.cpp, started as llama.vim's page says."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks import peer

# --fim-qwen-1.5b-default and its sisters, but for the model.
_BATCHES = ("--batch-size", "1024", "--ubatch-size", "1024")
LLAMA_VIM = ("--ctx-size", "0", *_BATCHES, "--cache-reuse", "256")
_SECONDS_TO_LOAD = 120


@asynccontextmanager
async def llama_server(model: Path, *options: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a llama-server that has loaded the model."""
    program = peer.program("llama-server")
    if program is None:
        raise SystemExit("llama-server is not built yet: `make llama-server`.")
    port = str(_free_port())
    process = await asyncio.create_subprocess_exec(
        *(program, "--model", str(model), "--host", "127.0.0.1", "--port", port),
        *options,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=peer.environment("passive"),
        start_new_session=True,  # as our engine, so that both get the same share of the CPU
    )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=httpx.Timeout(300), trust_env=False
        ) as http:
            await _until_loaded(http)
            yield http
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def _until_loaded(http: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + _SECONDS_TO_LOAD
    while time.monotonic() < deadline:
        try:
            if (await http.get("/health")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit("llama-server did not start.")
