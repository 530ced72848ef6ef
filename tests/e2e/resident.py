"""The resident engine as tests see it from outside: its files, and its HTTP as any tool asks it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from lsprotocol import types

from lsp_server.locks import locked
from tests.e2e.editor import WITH_EVERYTHING, Editor, running_editor

URI = "file:///project/a.py"
TEXT = "x = \n"


def use_shared_engine(transport: str = "auto") -> None:
    """The engine is a process of its own and leaves as soon as nobody is there."""
    use_engine(kind="shared", keep_alive=0, transport=transport)


def use_engine(**settings: Any) -> None:
    text = yaml.safe_dump({"engine": settings})
    Path(os.environ["CODELLAMA_LSP_CONFIG"]).write_text(text, encoding="utf-8")


@asynccontextmanager
async def loaded_editor(
    arguments: tuple[str, ...], capabilities: types.ClientCapabilities = WITH_EVERYTHING
) -> AsyncIterator[Editor]:
    async with running_editor(*arguments, capabilities=capabilities) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        yield editor


def runtime_files(pattern: str) -> list[Path]:
    return list((Path(os.environ["XDG_RUNTIME_DIR"]) / "codellama-lsp").glob(pattern))


def addresses() -> list[Path]:
    """The unix sockets, and the files that say where an engine listens on loopback."""
    return runtime_files("*.sock") + runtime_files("*.port")


@asynccontextmanager
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the one engine, on its own terms."""
    (path,) = addresses()
    if path.suffix == ".port":
        place = json.loads(path.read_text(encoding="utf-8"))
        url, headers = f"http://127.0.0.1:{place['port']}", bearer(place["token"])
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:
            yield client
    else:
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
            yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def statuses() -> list[dict[str, Any]]:
    async with http() as client:
        return [(await client.get("/status")).json()]


async def requests_are(count: int) -> bool:
    (status,) = await statuses()
    return status["requests"] == count


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask the engine until it says so; the test's own time limit is the deadline."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - it is another process that changes
            await asyncio.sleep(0.02)


async def engine_has_ended() -> None:
    """An engine holds its lock as long as it lives."""
    (lock,) = runtime_files("*.lock")

    async def is_free() -> bool:
        with locked(lock) as ours:
            return ours

    await until(is_free)
    assert addresses() == []
