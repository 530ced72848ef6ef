"""Typing while a long explanation streams, beside typing alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from benchmarks.typing.engine_process import Running, running_engine
from benchmarks.typing.ours import Ours
from benchmarks.typing.recording import recorded, source
from benchmarks.typing.replay import replay
from benchmarks.typing.summary import CountTokens, Row, side_by_side, summary
from lsp_server.engine.protocol import ChatRequest, Message

_LINES = 80
_OF_TOKENS = ("tokens", "of them", "the same")


async def while_explaining(
    model: str, keys: int, interval: float, pause: float, count: CountTokens
) -> list[Row]:
    """The figures of a replay with explanations one after another, beside those without."""
    alone = await _replayed(model, keys, interval, pause, count, explaining=False)
    beside = await _replayed(model, keys, interval, pause, count, explaining=True)
    title = "typing while an explanation streams"
    return side_by_side(title, beside, alone, ("with", "without"))


async def _replayed(
    model: str, keys: int, interval: float, pause: float, count: CountTokens, explaining: bool
) -> Row:
    async with running_engine(model) as engine, engine.client() as client:
        await client.until_loaded()
        async with contextlib.AsyncExitStack() as stack:
            if explaining:
                await stack.enter_async_context(_explanations(engine))
            answered = await replay(Ours(client), recorded(keys), interval, pause)
        found = summary(answered, engine.work(), count)
    # The explanation's tokens are among the engine's, so tokens say nothing here.
    return {name: value for name, value in found.items() if not name.startswith(_OF_TOKENS)}


@contextlib.asynccontextmanager
async def _explanations(engine: Running) -> AsyncIterator[None]:
    """Explanations one after another while the body runs, the first of them under way."""
    under_way = asyncio.Event()

    async def explain() -> None:
        code = "\n".join(source("textwrap.py").split("\n")[200 : 200 + _LINES])
        question = f"Explain this code line by line, in every detail:\n\n```python\n{code}\n```"
        while True:
            request = ChatRequest((Message("user", question),), 1024)
            async for _ in engine.http.chat(request):
                under_way.set()

    task = asyncio.ensure_future(explain())
    try:
        await under_way.wait()
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
