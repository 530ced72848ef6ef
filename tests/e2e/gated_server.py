"""A real server whose engine holds each answer back until the test opens a gate.

`python gated_server.py FOLDER` writes what the model is asked to FOLDER/asked.json, and waits for
FOLDER/go before it answers with what FOLDER/answer holds by then.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

from lsp_server.config_sources import Source
from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.engine.protocol import ChatRequest, Chunk
from lsp_server.server import create_server


class GatedEngine(ScriptedEngine):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        asked = [message.content for message in request.messages]
        (self._folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        print("double: asked", file=sys.stderr, flush=True)
        while not (self._folder / "go").exists():  # noqa: ASYNC110 (another process opens it)
            await asyncio.sleep(0.01)
        self.chats = [Answer((self._folder / "answer").read_text(encoding="utf-8"))]
        async for chunk in super().chat(request):
            yield chunk


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    create_server(Source("test", {}), lambda config: GatedEngine(folder)).start_io()
