"""Ollama: `/api/generate` with a raw prompt. Its `/v1/completions` would put the model's template
around it."""

from contextlib import aclosing, suppress
from dataclasses import replace

from lsp_server.engine.http import Event
from lsp_server.engine.protocol import Chunk, Finish, InfillRequest, Usage
from lsp_server.engine.remote.servers.openai import (
    ALL_SAMPLES,
    STREAMED_WITH_USAGE,
    OpenAiServer,
    Served,
    Stream,
    whole,
)
from lsp_server.errors import EngineRefused
from lsp_server.prompting.control_text import unmarked
from lsp_server.prompting.infill import infill_text

_NS_PER_MS = 1e6


class Ollama(OpenAiServer):
    infills_by = "the prompt as text, /api/generate"
    streamed = STREAMED_WITH_USAGE
    samples = ALL_SAMPLES

    async def described(self) -> Served:
        version = await self.http.json("GET", "/api/version")
        tags = await self.http.json("GET", "/api/tags")
        try:
            names = tuple(str(model["name"]) for model in tags["models"])
        except (KeyError, TypeError) as error:
            raise EngineRefused(
                f"{self.http.name} does not list its models as Ollama does.",
                "For other servers there is engine.kind: openai.",
            ) from error
        if not names:
            raise EngineRefused(f"{self.http.name} has no model.", "`ollama pull` one there.")
        return Served(str(version.get("version", "")), names, "", "")

    async def start(self) -> Served:
        """Loads the model too: how long a prompt may be is known only then."""
        served = await super().start()
        await self.http.json(
            "POST", "/api/generate", {"model": served.infill_model, "stream": False}
        )
        running = await self.http.json("GET", "/api/ps")
        n_ctx = None
        with suppress(KeyError, TypeError, ValueError):
            for model in running["models"]:
                if model["name"] == served.infill_model:
                    n_ctx = int(model["context_length"])
        self.served = replace(served, n_ctx=n_ctx)
        return self.served

    async def infill(self, request: InfillRequest) -> Stream:
        body = {
            "model": self.served.infill_model,
            "prompt": infill_text(self.format, request.prefix, request.suffix, request.order),
            "raw": True,
            "truncate": False,  # not in the middle without a word
            "stream": True,
            "options": {
                "num_predict": max(1, request.max_tokens),
                "stop": sorted(self.format.end),
                **self.sampling(request.sampling),
            },
        }
        lines = self.http.lines("POST", "/api/generate", body)
        async with aclosing(whole(lines, _chunk)) as stream:
            async for chunk in stream:
                yield replace(chunk, text=unmarked(chunk.text))


def _chunk(event: Event) -> Chunk:
    if not event.get("done"):
        return Chunk(str(event["response"]))
    finish = Finish.LENGTH if event.get("done_reason") == "length" else Finish.STOP
    usage = Usage(
        prompt_tokens=int(event.get("prompt_eval_count") or 0),
        generated_tokens=int(event.get("eval_count") or 0),
        prefill_ms=(event.get("prompt_eval_duration") or 0) / _NS_PER_MS,
        decode_ms=(event.get("eval_duration") or 0) / _NS_PER_MS,
    )
    return Chunk(str(event.get("response") or ""), finish, usage)
