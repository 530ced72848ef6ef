"""The engine that runs in this process: prompts in, streamed text out."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace

import attrs

from lsp_server.config import EngineSettings, Models, Sampling
from lsp_server.engine.llama.context import LlamaContext
from lsp_server.engine.llama.generation import Generation, Plan, Priority, Prompt
from lsp_server.engine.llama.loading import load
from lsp_server.engine.llama.progress import Progress
from lsp_server.engine.llama.roles import infill_choice
from lsp_server.engine.llama.worker import Worker
from lsp_server.engine.protocol import (
    ChatRequest,
    Chunk,
    Condition,
    EngineInfo,
    Finish,
    InfillRequest,
    Message,
    Phase,
    Role,
    Totals,
    Usage,
)
from lsp_server.errors import CodeLlamaError, EngineClosed
from lsp_server.models.memory import FORKS
from lsp_server.models.store import locate
from lsp_server.prompting.chat import ChatFormat, chat_format_for
from lsp_server.prompting.infill import check_length, end_tokens, infill_prompt
from lsp_server.prompting.infill_format import InfillFormat

# Warm enough that a small model leaves its likeliest path, and still writes code.
_OTHERS_TEMPERATURE = 0.8
_USUAL_QUESTION = (Message("system", "Be brief."), Message("user", "What is this?"))


@dataclass(frozen=True)
class _Loaded:
    """What stands ready after loading; both roles may share model and context."""

    infill: LlamaContext
    infill_format: InfillFormat
    notice: str
    infill_end: frozenset[int]
    instruct: LlamaContext
    chat_format: ChatFormat

    @property
    def contexts(self) -> list[LlamaContext]:
        return list({id(context): context for context in (self.infill, self.instruct)}.values())

    def context(self, role: Role) -> LlamaContext:
        return self.infill if role is Role.INFILL else self.instruct


class LlamaEngine:
    """Engine (see engine/protocol.py) over llama.cpp in this process, on one thread of its own."""

    def __init__(
        self, models: Models, settings: EngineSettings, infill_family: str = "auto"
    ) -> None:
        self._models = models
        self._infill_family = infill_family
        self._settings = settings
        self._closed = False
        self._background: dict[str, Generation] = {}
        self._told: Callable[[Condition], None] = lambda condition: None
        self._loop = asyncio.get_event_loop()
        self._worker = Worker()
        self._worker.start()
        self._loading = asyncio.wrap_future(self._worker.call(self._load))
        # Whoever waits for it sees the error; if nobody does, it is not a crash.
        self._loading.add_done_callback(lambda future: future.cancelled() or future.exception())

    def watch(self, told: Callable[[Condition], None]) -> None:
        """See Watchable: it tells what part of the models' files is loaded."""
        self._told = told

    async def ready(self) -> EngineInfo:
        loaded = await self._wait_loaded()
        return EngineInfo(
            infill_model=loaded.infill.model.name,
            instruct_model=loaded.instruct.model.name,
            family=loaded.infill_format.family,
            n_ctx=loaded.infill.n_ctx,
            gpu=loaded.infill.model.gpu,
            notice=loaded.notice,
            files=loaded.infill_format.shows_files(loaded.infill.model.vocab),
        )

    async def totals(self) -> Totals:
        totals = [context.totals for context in (await self._wait_loaded()).contexts]
        return Totals(sum(t.evaluated for t in totals), sum(t.generated for t in totals))

    async def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        vocab = (await self._wait_loaded()).context(role).model.vocab
        return [len(vocab.encode_inside(text)) for text in texts]

    async def count_chat_tokens(self, messages: Sequence[Message]) -> int:
        loaded = await self._wait_loaded()
        return len(loaded.chat_format.encode(messages, loaded.instruct.model.vocab))

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Chunk, None]:
        loaded = await self._wait_loaded()
        context = loaded.infill
        prompt = _prompt(loaded, request, request.prefix, request.suffix)
        alone = replace(request, repository=None)
        plan = Plan(
            prompt,
            request.max_tokens,
            request.sampling,
            Priority.BACKGROUND if request.background else Priority.TYPING,
            end=loaded.infill_end,
            near=_prompt(loaded, alone, *request.near) if request.near else None,
            move=self._settings.move_cached,
            others=_others(request, len(prompt.tokens), context),
        )
        async for chunk in self._stream(plan, context, request.background):
            yield chunk
        for index in range(1 + len(plan.others), request.alternatives):
            yield Chunk("", Finish.LENGTH, Usage(), index)

    async def hasten(self, background: str) -> None:
        """See Hastens."""
        generation = self._background.get(background)
        if generation:
            self._worker.hasten(generation)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        loaded = await self._wait_loaded()
        context = loaded.instruct
        tokens = loaded.chat_format.encode(request.messages, context.model.vocab)
        most, sampling = request.max_tokens, request.sampling
        plan = Plan(Prompt(tokens), most, sampling, Priority.CHAT, copies=request.copies)
        async for chunk in self._stream(plan, context):
            yield chunk

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._worker.stop)
        await asyncio.wait([self._loading])
        if _succeeded(self._loading):
            for context in self._loading.result().contexts:
                _close(context)

    async def _wait_loaded(self) -> _Loaded:
        loaded = await asyncio.shield(self._loading)
        if self._closed:
            raise EngineClosed("The engine was shut down.")
        return loaded

    async def _stream(
        self, plan: Plan, context: LlamaContext, background: str = ""
    ) -> AsyncGenerator[Chunk, None]:
        check_length(plan.prompt.tokens, context.n_ctx, plan.max_tokens)
        if (
            not plan.prompt.tokens
        ):  # an empty document, and a model that begins with no token of its own
            yield Chunk("", Finish.STOP, Usage())
            return
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Chunk | Exception] = asyncio.Queue()

        def put(item: Chunk | Exception) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, nobody listens any more
                loop.call_soon_threadsafe(queue.put_nowait, item)

        unfinished = 1 + len(plan.others)
        generation = Generation(plan, context, put)
        self._worker.submit(generation, put)
        if background:
            self._background[background] = generation
        try:
            while True:
                item = await queue.get()
                if isinstance(item, Exception):
                    raise item
                yield item
                unfinished -= item.finish is not None
                if not unfinished:
                    return
        finally:
            self._background.pop(background, None)
            self._worker.cancel(generation)

    def _load(self) -> _Loaded:
        infill_path = locate(self._models.infill)
        instruct_path = locate(self._models.instruct)
        with contextlib.ExitStack() as on_error:
            progress = Progress([infill_path, instruct_path], self._tell_loading)
            infill, smaller = load(infill_path, self._settings, progress)
            on_error.callback(_close, infill)
            choice = infill_choice(infill.model, infill_path, self._infill_family)
            _ = infill.model.vocab.index  # built now, not at the first keystroke
            instruct = infill
            if instruct_path != infill_path:
                instruct, also_smaller = load(instruct_path, self._settings, progress)
                smaller = smaller or also_smaller
                on_error.callback(_close, instruct)
            chat_format = chat_format_for(instruct.model.chat_template, instruct.model.name)
            with contextlib.suppress(CodeLlamaError):  # said to who asks
                # The template takes its time now, not at the first question.
                chat_format.encode(_USUAL_QUESTION, instruct.model.vocab)
            on_error.pop_all()
        return _Loaded(
            infill,
            choice.format,
            " ".join(filter(None, [choice.notice, smaller])),
            end_tokens(choice.format, infill.model.vocab),
            instruct,
            chat_format,
        )

    def _tell_loading(self, percentage: int) -> None:
        condition = Condition(Phase.LOADING, percentage)
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody listens any more
            self._loop.call_soon_threadsafe(lambda: self._told(condition))


def _prompt(loaded: _Loaded, request: InfillRequest, prefix: str, suffix: str) -> Prompt:
    prompt = infill_prompt(
        loaded.infill_format,
        loaded.infill.model.vocab,
        prefix,
        suffix,
        order=request.order,
        healing=request.heal,
        repository=request.repository,
    )
    return Prompt(prompt.tokens, prompt.constraint)


def _others(
    request: InfillRequest, prompt_tokens: int, context: LlamaContext
) -> tuple[Sampling, ...]:
    """How the alternatives beside the first are sampled: as many as can be, and as fit the KV
    cache with the prompt."""
    fitting = (context.kv.cells - prompt_tokens) // max(1, request.max_tokens)
    count = min(request.alternatives, 1 + FORKS, fitting) - 1
    sampling = request.sampling
    warm = max(sampling.temperature, _OTHERS_TEMPERATURE)
    return tuple(
        attrs.evolve(sampling, temperature=warm, seed=sampling.seed + number)
        for number in range(1, count + 1)
    )


def _close(context: LlamaContext) -> None:
    context.close()
    context.model.close()


def _succeeded(future: "asyncio.Future[_Loaded]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
