"""LM Studio: OpenAI's HTTP, and what it tells of its models besides."""

from dataclasses import replace
from typing import Any

from lsp_server.engine.remote.servers.openai import (
    ALL_SAMPLES,
    STREAMED_WITH_USAGE,
    OpenAiServer,
    Served,
)
from lsp_server.errors import EngineRefused

_WRITES = ("llm", "vlm")


class LmStudio(OpenAiServer):
    streamed = STREAMED_WITH_USAGE
    samples = ALL_SAMPLES

    _listed: list[dict[str, Any]]

    async def described(self) -> Served:
        answer = await self.http.json("GET", "/api/v0/models")
        try:
            self._listed = [model for model in answer["data"] if model["type"] in _WRITES]
            loaded = [model["id"] for model in self._listed if model.get("state") == "loaded"]
            names = loaded or [model["id"] for model in self._listed]
        except (KeyError, TypeError) as error:
            raise EngineRefused(
                f"{self.http.name} does not list its models as LM Studio does.",
                "It has to be 0.3.6 or later; for others there is engine.kind: openai.",
            ) from error
        if not names:
            raise EngineRefused(f"{self.http.name} has no model.", "Load one in LM Studio.")
        return Served("", tuple(names), "", "")

    async def start(self) -> Served:
        served = await super().start()
        of_model = next(model for model in self._listed if model["id"] == served.infill_model)
        n_ctx = of_model.get("loaded_context_length")
        self.served = replace(served, n_ctx=n_ctx if isinstance(n_ctx, int) else None)
        return self.served
