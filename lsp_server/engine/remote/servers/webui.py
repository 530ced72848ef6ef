"""text-generation-webui: OpenAI's HTTP, and the name of the model that is loaded."""

from lsp_server.engine.remote.servers.openai import (
    ALL_SAMPLES,
    STREAMED_WITH_USAGE,
    OpenAiServer,
    Served,
)
from lsp_server.errors import EngineRefused


class TextGenerationWebui(OpenAiServer):
    streamed = STREAMED_WITH_USAGE
    samples = ALL_SAMPLES | {"repeat_penalty": "repetition_penalty"}

    async def described(self) -> Served:
        info = await self.http.json("GET", "/v1/internal/model/info")
        name = info.get("model_name") if isinstance(info, dict) else None
        if not name or name == "None":
            raise EngineRefused(f"{self.http.name} has no model loaded.", "Load one there.")
        return Served("", (str(name),), "", "")
