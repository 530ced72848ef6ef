"""What an engine is to the rest of the product: requests in, streamed text out.

The in-process engine, the double that tests script, and engines elsewhere all have this shape.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from lsp_server.config import LogLevel, Sampling

Order = Literal["psm", "spm"]


class Role(StrEnum):
    """What a model is used for; one file may serve both."""

    INFILL = "infill"
    INSTRUCT = "instruct"


@dataclass(frozen=True)
class FileText:
    """A piece of a file, by its path as the model is to see it."""

    path: str
    text: str


@dataclass(frozen=True)
class Repository:
    """What other files have to say: the repository's name, the path of the file that is completed,
    and pieces of others."""

    name: str
    path: str
    files: tuple[FileText, ...]


@dataclass(frozen=True)
class InfillRequest:
    """Write what stands between `prefix` and `suffix` (both with `\\n` line ends).

    `order` and `heal` override what the model's profile measured best; None leaves it to the
    profile. With max_tokens 0 the prompt is only read into the KV cache. With `alternatives` above
    1 up to so many middles are written side by side: the first as `sampling` says, the others less
    predictably.

    A `background` request uses idle time: everything else goes before it, until the engine is told
    by this name that somebody waits for it now (`Hastens`).

    `near` is a smaller (prefix, suffix) at the same place. An engine that would have to read most
    of the whole first may answer from that: a slow machine's first answer at a new place then takes
    a third of the time. An engine that doesn't know it loses nothing.

    `repository` is for models that have a way of their own to be shown other files
    (`EngineInfo.files`); others are not shown it.
    """

    prefix: str
    suffix: str
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    order: Order | None = None
    heal: bool | None = None
    background: str = ""
    alternatives: int = 1
    near: tuple[str, str] | None = None
    repository: Repository | None = None


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """Answer the last message. With `copies` much of the answer stands in the messages already,
    which an engine may make use of."""

    messages: tuple[Message, ...]
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    copies: bool = False


class Finish(StrEnum):
    """Why a generation ended: the model said so, or max_tokens was reached."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True)
class Usage:
    """Tokens and milliseconds of one generation. `cached_tokens` of the prompt came from the KV
    cache, the other `prompt_tokens` were evaluated."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    prefill_ms: float = 0.0
    decode_ms: float = 0.0


@dataclass(frozen=True)
class Chunk:
    """A piece of the answer. The last one carries `finish` and `usage` (and possibly text).

    Of several alternatives the pieces come mixed, each with the `index` of its alternative. Each
    that was asked for has a last piece; one that could not be written is empty. `likelihood` is the
    mean log-probability of its tokens so far, reckoned only where there are several.
    """

    text: str
    finish: Finish | None = None
    usage: Usage | None = None
    index: int = 0
    likelihood: float = 0.0


@dataclass(frozen=True)
class EngineInfo:
    """What the loaded models are. `n_ctx` bounds prompt and answer together; `notice` is what the
    user ought to know about the choice of models, empty where all is well. `files` is whether the
    infill model has a way of its own to be shown other files."""

    infill_model: str
    instruct_model: str
    family: str
    n_ctx: int
    gpu: bool
    notice: str = ""
    files: bool = False


class Phase(StrEnum):
    """Where an engine is between its start and its end."""

    LOADING = "loading"
    READY = "ready"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True)
class Condition:
    """How an engine fares: `percentage` of the loading, None where it isn't known; `message` says
    why it failed. One that is gone comes back for the next request, one that failed may not."""

    phase: Phase
    percentage: int | None = None
    message: str = ""


@dataclass
class Totals:
    """Tokens since the engine's start, those of cancelled requests included."""

    evaluated: int = 0
    generated: int = 0


@runtime_checkable
class LogsApart(Protocol):
    """An engine whose process has a log of its own."""

    async def set_log_level(self, level: LogLevel) -> None:
        """One of debug, info, warning, error; from now on."""
        ...


@runtime_checkable
class Hastens(Protocol):
    """An engine in which background requests wait, and can be made ordinary ones."""

    async def hasten(self, background: str) -> None:
        """Somebody waits now for the background request of this name. One that has ended, or never
        was, is nothing to do."""
        ...


class Engine(Protocol):
    """Generates text. Closing a stream (`aclose`) cancels its generation, prefill included."""

    async def ready(self) -> EngineInfo:
        """Wait until the models are loaded. Raises ModelError where they can't be."""
        ...

    async def totals(self) -> Totals:
        """The work done so far."""
        ...

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text by itself, by the model's own tokenizer."""
        ...

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        """The number of tokens of a whole chat prompt, template included."""
        ...

    def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the middle. Raises PromptTooLong, NotCapable, EngineError."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the answer. Raises PromptTooLong, NotCapable, EngineError."""
        ...

    async def close(self) -> None:
        """Stop everything and free the models."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """An engine that tells how it fares without being asked. Others are told by their requests."""

    def watch(self, told: Callable[[Condition], None]) -> None:
        """`told` is called on the event loop, each time that something changes."""
        ...
