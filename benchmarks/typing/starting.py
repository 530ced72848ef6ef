"""Time of `initialize` from the process's start, and memory with one client and with several."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import psutil

from benchmarks.typing.document import Document
from benchmarks.typing.engine_process import Running, running_engine
from benchmarks.typing.ours import Ours
from benchmarks.typing.recording import Arrive, recorded, source
from benchmarks.typing.summary import Row, quantile

_MIB = 2**20


async def initialize(times: int) -> Row:
    """Milliseconds from starting `codellama-lsp serve` to its answer, with a warm file cache."""
    found = [await _initialized() for _ in range(times + 1)][1:]
    return {
        "initialize, from the process's start": "ms",
        "starts": times,
        "p50": quantile(found, 0.5),
        "p95": quantile(found, 0.95),
        "max": quantile(found, 1.0),
    }


async def memory(model: str, clients: tuple[int, ...] = (1, 5)) -> list[Row]:
    """MiB of the engine and of each `serve`, every client with a file open and a suggestion."""
    rows: list[Row] = []
    for count in clients:
        async with running_engine(model) as engine, AsyncExitStack() as editors:
            serves = [await _client(engine, editors, number) for number in range(count)]
            of_engine = psutil.Process(engine.pid).memory_full_info()
            of_serves = [psutil.Process(pid).memory_full_info() for pid in serves]
            rows.append(
                {
                    "memory, MiB": f"{count} clients",
                    "engine RSS": of_engine.rss / _MIB,
                    "engine PSS": of_engine.pss / _MIB,
                    "serve RSS, max": max(one.rss for one in of_serves) / _MIB,
                    "serve PSS, max": max(one.pss for one in of_serves) / _MIB,
                    "all PSS": (of_engine.pss + sum(one.pss for one in of_serves)) / _MIB,
                }
            )
    first, last = rows[0], rows[-1]
    ratio = {key: last[key] / first[key] for key in list(first)[1:]}
    return [*rows, {"memory, MiB": "ratio", **ratio}]


async def _client(engine: Running, editors: AsyncExitStack, number: int) -> int:
    """A client at a place of its own. Its server's process id."""
    client = await editors.enter_async_context(engine.client())
    await client.until_loaded()
    arrivals = [event for event in recorded(1) if isinstance(event, Arrive)]
    place = arrivals[number % len(arrivals)].place
    document = Document(place.file, source(place.file), 0).at(place)
    ours = Ours(client)
    ours.see(document)
    await ours.key(document)
    return client.pid


async def _initialized() -> float:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_server", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    process.stdin.write(_message("initialize", params, number=1))
    await process.stdin.drain()
    await process.stdout.readuntil(b"\r\n\r\n")
    ms = (time.perf_counter() - started) * 1000
    process.stdin.write(_message("shutdown", None, number=2) + _message("exit", None))
    await process.communicate()
    return ms


def _message(method: str, params: object, number: int | None = None) -> bytes:
    content = {"jsonrpc": "2.0", "method": method, "params": params}
    body = json.dumps(content | ({} if number is None else {"id": number})).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
