"""text-generation-webui: OpenAI's HTTP, and the name of the model that is loaded."""

from contextlib import aclosing

from lsp_server.engine.protocol import Finish, InfillRequest
from lsp_server.engine.remote.servers.openai import (
    ALL_SAMPLES,
    STREAMED_WITH_USAGE,
    OpenAiServer,
    Served,
    Stream,
)
from lsp_server.errors import EngineRefused, PromptTooLong


class TextGenerationWebui(OpenAiServer):
    streamed = STREAMED_WITH_USAGE
    samples = ALL_SAMPLES | {"repeat_penalty": "repetition_penalty"}

    async def described(self) -> Served:
        info = await self.http.json("GET", "/v1/internal/model/info")
        name = info.get("model_name") if isinstance(info, dict) else None
        if not name or name == "None":
            raise EngineRefused(f"{self.http.name} has no model loaded.", "Load one there.")
        return Served("", (str(name),), "", "")

    async def infill(self, request: InfillRequest) -> Stream:
        """A prompt that its context can't hold gets an empty answer of full length, and how long
        the context is it doesn't tell."""
        empty = True
        async with aclosing(super().infill(request)) as stream:
            async for chunk in stream:
                empty = empty and not chunk.text
                if empty and chunk.finish is Finish.LENGTH and request.max_tokens > 1:
                    raise PromptTooLong(
                        f"{self.http.name} wrote nothing: the prompt is too long for its context.",
                        "Set engine.n_ctx to the context that the model is loaded with there.",
                    )
                yield chunk
