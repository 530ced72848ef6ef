"""Our engine in a process of its own with records, and a server that joins it."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attrs

from benchmarks.typing.client import Client, running_client
from benchmarks.typing.work import Decode, Work, decodes_in, work_in
from lsp_server.config import Config
from lsp_server.config_sources import Source, merge
from lsp_server.engine.address import address_for
from lsp_server.engine.shared.http import HttpEngine
from tests.e2e.editor import running_editor

# So long the engine waits for its first client, and after its last.
_KEEP_ALIVE = 30


@dataclass(frozen=True)
class Running:
    """An engine that is loaded: its address, its process and what it has written down."""

    http: HttpEngine
    pid: int
    records: Path
    options: Mapping[str, Any]

    def work(self) -> list[Work]:
        """The requests so far that have ended, in the order in which they began."""
        return work_in(self.records.read_text(encoding="utf-8"))

    def decodes(self) -> list[Decode]:
        """Every llama_decode so far."""
        return decodes_in(self.records.read_text(encoding="utf-8"))

    def editor(self) -> Any:
        """The tests' editor, whose server joins this engine."""
        return running_editor(options=self.options)

    def client(self) -> AbstractAsyncContextManager[Client]:
        """A client whose server joins this engine, with next to no time of its own."""
        return running_client(self.options)


@asynccontextmanager
async def running_engine(
    model: str, completion: Mapping[str, Any] | None = None
) -> AsyncIterator[Running]:
    """The engine with the default settings but for the model, in a runtime folder of its own.
    `completion` is set for the editors that join."""
    options = {
        "completion": dict(completion or {}),
        "models": {"infill": model, "instruct": model},
        "engine": {"keep_alive": _KEEP_ALIVE},
    }
    config = merge(Source("benchmark", options))
    with tempfile.TemporaryDirectory(prefix="cl") as runtime:
        folder = Path(runtime)
        os.environ["XDG_RUNTIME_DIR"] = runtime
        os.environ["CODELLAMA_LSP_CONFIG"] = str(folder / "none.yaml")
        records = folder / "records"
        process = await _started(config, records)
        http = await _listening(config)
        try:
            await http.ready()
            yield Running(http, process.pid, records, options)
        finally:
            await http.shutdown()
            await http.close()
            await process.wait()


async def _started(config: Config, records: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.typing.observed", str(records)),
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # as the product starts it: systems share out CPU by sessions
    )
    assert process.stdin
    process.stdin.write(json.dumps(attrs.asdict(config)).encode())
    process.stdin.close()
    return process


async def _listening(config: Config) -> HttpEngine:
    address = address_for(config)
    while not address.path.exists():  # noqa: ASYNC110 - a file, which nobody tells of
        await asyncio.sleep(0.05)
    return HttpEngine(address)
