"""Asks again in this process, to see what the model wrote before the server's cleaning."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from benchmarks.gaps import Document
from benchmarks.ways import settings
from lsp_server.completion.pipeline import Pipeline
from lsp_server.config import Config
from lsp_server.config_sources import Source, merge
from lsp_server.documents import DocumentSnapshot
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.protocol import Chunk, InfillRequest


class Recording(LlamaEngine):
    """The engine, keeping what it gave up to where the reader stopped."""

    written = ""

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        self.written = ""
        stream = super().infill(request)
        try:
            async for chunk in stream:
                self.written += chunk.text
                yield chunk
        finally:
            await stream.aclose()


@dataclass(frozen=True)
class Replay:
    """What the model wrote, and what the server made of it (None: nothing)."""

    written: str
    shown: str | None

    @property
    def why_null(self) -> str:
        if self.shown is not None:
            return "a suggestion when asked again"
        return "nothing left after cleaning" if self.written.strip() else "the model wrote nothing"


class Replayer:
    def __init__(self, engine: Recording, pipeline: Pipeline, model: str) -> None:
        self._engine = engine
        self._pipeline = pipeline
        self._model = model

    async def replay(self, way: str, document: Document) -> Replay:
        config = merge(Source("benchmark", settings(way, self._model)))
        snapshot = DocumentSnapshot("file:///benchmark/again.py", 1, "python", document.text)
        edit = await self._pipeline.suggest(snapshot, document.offset, config)
        return Replay(self._engine.written, edit.text if edit else None)


async def replayer(config: Config) -> tuple[Recording, Replayer]:
    """The engine to close at the end, and what asks with it."""
    engine = Recording(config.models, config.engine, config.infill.family)
    pipeline = Pipeline(engine, await engine.ready())
    return engine, Replayer(engine, pipeline, config.models.infill)
