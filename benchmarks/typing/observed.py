"""The engine's process with a record of each request, for benchmarks.

    python -m benchmarks.typing.observed RECORDS < settings.json

The engine itself is the product's: requests are only written down as they pass, each as a line of
JSON when it begins and when it ends, and each llama_decode with its tokens and the position of the
first. Times are by the system's monotonic clock.
"""

import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, TextIO

from lsp_server.config import Config
from lsp_server.config_sources import Source, merge
from lsp_server.engine.address import address_for
from lsp_server.engine.host.main import run_engine
from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.protocol import Chunk, InfillRequest


class Observed(LlamaEngine):
    """The engine, writing down the requests for completions."""

    def __init__(self, config: Config, records: TextIO) -> None:
        super().__init__(config.models, config.engine, config.infill.family)
        self._records = records
        self._count = 0

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        self._count += 1
        number, idle = self._count, bool(request.background) or not request.max_tokens
        before = await self.totals()
        self._write({"begun": time.monotonic(), "number": number, "idle": idle})
        last = None
        stream = super().infill(request)
        try:
            async for chunk in stream:
                last = time.monotonic()
                yield chunk
        finally:
            await stream.aclose()
            after = await self.totals()
            self._write(
                {
                    "number": number,
                    "last": last,
                    "evaluated": after.evaluated - before.evaluated,
                    "generated": after.generated - before.generated,
                }
            )

    def _write(self, record: dict[str, Any]) -> None:
        print(json.dumps(record), file=self._records, flush=True)


def _observe_decodes(records: TextIO) -> None:
    decode, number = llama_cpp.llama_decode, records.fileno()

    def observed(context: Any, batch: Any) -> int:
        begun = time.monotonic()
        status: int = decode(context, batch)
        # No printing and no JSON module: what this takes counts as the server's own time.
        one = begun, time.monotonic(), batch.n_tokens, batch.pos[0]
        os.write(number, b'{"decode": [%.6f, %.6f, %d, %d]}\n' % one)
        return status

    llama_cpp.llama_decode = observed


def main() -> None:
    config = merge(Source("settings", json.load(sys.stdin)))
    with Path(sys.argv[1]).open("w", encoding="utf-8") as records:
        _observe_decodes(records)
        run_engine(config, address_for(config), lambda config: Observed(config, records))


if __name__ == "__main__":
    main()
