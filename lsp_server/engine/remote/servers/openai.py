"""Any server that speaks OpenAI's HTTP: prompts as text, control strings made harmless."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import attrs

from lsp_server.config import Config, Models, Sampling
from lsp_server.engine import wire
from lsp_server.engine.http import Event, Events, HttpConnection
from lsp_server.engine.protocol import ChatRequest, Chunk, InfillRequest, Message
from lsp_server.engine.remote.family import served_format
from lsp_server.engine.remote.vocabulary import estimate
from lsp_server.errors import EngineGone, EngineRefused, NotCapable
from lsp_server.prompting.control_text import Harmless, unmarked
from lsp_server.prompting.infill import infill_text
from lsp_server.prompting.infill_format import InfillFormat

Stream = AsyncGenerator[Chunk, None]
# What a chat template puts around a message, and more.
_AROUND_A_MESSAGE = 32
# OpenAI takes no more.
_MOST_STOPS = 4
# For servers that tell the usage of a stream if they are asked.
STREAMED_WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}
# For servers that take every setting of Sampling, by llama.cpp's names.
ALL_SAMPLES = {field.name: field.name for field in attrs.fields(Sampling)}


@dataclass(frozen=True)
class Served:
    """What a server said of itself: `n_ctx` and `slots` are None where it doesn't tell. Where
    `infill` is None, `why_no_infill` says why."""

    version: str
    models: tuple[str, ...]
    infill_model: str
    instruct_model: str
    n_ctx: int | None = None
    slots: int | None = None
    infill: InfillFormat | None = None
    why_no_infill: NotCapable | None = None
    notice: str = ""


class OpenAiServer:
    """Asks one server in OpenAI's words; the other kinds say what they do otherwise."""

    # How infilling, counting and healing are done, for `doctor`.
    infills_by: str = "the prompt as text, /v1/completions"
    counts_by: ClassVar[str] = "an estimate that is never over (a token a byte)"
    # The settings of Sampling that the server takes, by its own names for them.
    samples: ClassVar[Mapping[str, str]] = {
        "temperature": "temperature",
        "top_p": "top_p",
        "seed": "seed",
    }
    # What asks for a stream, and for its usage where the server needs to be asked.
    streamed: ClassVar[Mapping[str, Any]] = {"stream": True}

    def __init__(self, http: HttpConnection, config: Config) -> None:
        self.http = http
        self.config = config
        self.served = Served("", (), "", "")

    async def start(self) -> Served:
        """Ask the server what it can do. Raises EngineError."""
        found = await self.described()
        infill_model = chosen(self.config.models, "infill", found.models)
        instruct_model = chosen(self.config.models, "instruct", found.models)
        found = replace(found, infill_model=infill_model, instruct_model=instruct_model)
        self.served = found
        try:
            self.served = replace(found, infill=await self.infill_format(infill_model))
        except NotCapable as error:
            self.served = replace(found, why_no_infill=error)
        return self.served

    async def described(self) -> Served:
        """Version, models and sizes."""
        listed = await self.http.json("GET", "/v1/models")
        try:
            models = tuple(str(model["id"]) for model in listed["data"])
            contexts = [n_ctx for model in listed["data"] if (n_ctx := _context_of(model))]
        except (KeyError, TypeError, AttributeError) as error:
            raise EngineRefused(
                f"{self.http.name} does not list its models.", "Is engine.kind right?"
            ) from error
        if not models:
            raise EngineRefused(f"{self.http.name} serves no model.", "Load one there.")
        return Served("", models, "", "", n_ctx=min(contexts, default=None))

    async def infill_format(self, model: str) -> InfillFormat:
        """Raises NotCapable."""
        return served_format(model, self.config.infill.family)

    async def count(self, texts: Sequence[str]) -> list[int]:
        return [estimate(text) for text in texts]

    async def count_chat(self, messages: Sequence[Message]) -> int:
        return sum(estimate(message.content) + _AROUND_A_MESSAGE for message in messages)

    async def infill(self, request: InfillRequest) -> Stream:
        prompt = infill_text(self.format, request.prefix, request.suffix, request.order)
        body = self.completion_body(prompt, request)
        async with aclosing(self.completed(body)) as stream:
            async for chunk in stream:
                yield replace(chunk, text=unmarked(chunk.text))

    async def chat(self, request: ChatRequest) -> Stream:
        messages, marked = harmless(request.messages)
        body = {
            "model": self.served.instruct_model,
            "messages": messages,
            "max_tokens": request.max_tokens,
            **self.streamed,
            **self.sampling(request.sampling),
        }
        events = self.http.events("POST", "/v1/chat/completions", body)
        async with aclosing(whole(events, wire.chunk_of_chat)) as stream:
            async for chunk in stream:
                yield replace(chunk, text=unmarked(chunk.text)) if marked else chunk

    @property
    def format(self) -> InfillFormat:
        """Raises NotCapable."""
        if self.served.infill is None:
            assert self.served.why_no_infill
            raise self.served.why_no_infill
        return self.served.infill

    def completion_body(self, prompt: str | list[int], request: InfillRequest) -> dict[str, Any]:
        return {
            "model": self.served.infill_model,
            "prompt": prompt,
            "max_tokens": max(1, request.max_tokens),  # servers refuse 0
            **self.streamed,
            "stop": sorted(self.format.end)[:_MOST_STOPS],
            **self.sampling(request.sampling),
        }

    def completed(self, body: Event) -> Stream:
        return whole(self.http.events("POST", "/v1/completions", body), wire.chunk_of_completion)

    def sampling(self, sampling: Sampling) -> dict[str, Any]:
        values = attrs.asdict(sampling)
        return {theirs: values[ours] for ours, theirs in self.samples.items()}


def _context_of(model: Mapping[str, Any]) -> int | None:
    """What vLLM and llama-server tell beside OpenAI's fields."""
    told = model.get("max_model_len") or (model.get("meta") or {}).get("n_ctx")
    return told if isinstance(told, int) else None


def harmless(messages: Sequence[Message]) -> tuple[list[dict[str, str]], bool]:
    """Messages whose control strings are plain text to a server, and whether there were any."""
    contents = [Harmless.of(message.content) for message in messages]
    made = [
        {"role": message.role, "content": content.text}
        for message, content in zip(messages, contents, strict=True)
    ]
    return made, any(content.marked for content in contents)


def chosen(models: Models, role: str, served: Sequence[str]) -> str:
    """The served model for a role: the settings' where it is served, else the only one there is.

    Raises EngineRefused where there are several and the settings name none of them.
    """
    wanted = getattr(models, role)
    for name in (wanted, f"{wanted}:latest"):
        if name in served:
            return str(name)
    if len(served) == 1:
        return served[0]
    raise EngineRefused(
        f"models.{role}: the server does not serve {wanted!r}.",
        f"Name one that it serves: {', '.join(served)}.",
    )


async def whole(events: Events, chunk_of: Callable[[Event], Chunk]) -> Stream:
    """The chunks of events; the last one with how it finished and the usage, which may come after
    it. Raises EngineGone where the stream ends without a finish."""
    usage, finish = None, None
    async with aclosing(events):
        async for event in events:
            try:
                chunk = chunk_of(event)
            except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
                raise EngineRefused("The server's answer is of no known shape.") from error
            usage, finish = chunk.usage or usage, chunk.finish or finish
            if chunk.text:
                yield Chunk(chunk.text)
    if finish is None:
        raise EngineGone("The server broke off in the middle of an answer.")
    yield Chunk("", finish, usage)
