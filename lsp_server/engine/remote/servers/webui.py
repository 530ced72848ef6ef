"""text-generation-webui: OpenAI's HTTP, and the name of the model that is loaded."""

from typing import ClassVar

from lsp_server.engine.remote.servers.openai import OpenAiServer, Served
from lsp_server.errors import EngineRefused


class TextGenerationWebui(OpenAiServer):
    samples: ClassVar = {
        "temperature": "temperature",
        "top_k": "top_k",
        "top_p": "top_p",
        "min_p": "min_p",
        "repeat_penalty": "repetition_penalty",
        "seed": "seed",
    }

    async def described(self) -> Served:
        info = await self.http.json("GET", "/v1/internal/model/info")
        name = info.get("model_name") if isinstance(info, dict) else None
        if not name or name == "None":
            raise EngineRefused(f"{self.http.name} has no model loaded.", "Load one there.")
        return Served("", (str(name),), "", "")
