"""The engine on the embedded model's real weights: sensible, and the same every time."""

import asyncio

import pytest
import pytest_asyncio

from lsp_server.config import EngineSettings, Models
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.protocol import Finish
from tests.unit.engine.conftest import chat, collect, idle, infill, text_of

pytestmark = [pytest.mark.real_model, pytest.mark.asyncio(loop_scope="module")]

BEFORE = "def fib(n):\n    if n < 2:\n        return n\n    "
AFTER = "\n\n\nprint(fib(10))\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine():
    """`codellama-lsp models pull` fetches the file, and an engine without it says so."""
    engine = LlamaEngine(Models(), EngineSettings(n_ctx=1024))
    await engine.ready()
    yield engine
    await engine.close()


@pytest.mark.parametrize("order", ["psm", "spm"])
async def test_infill(engine, order):
    request = infill(BEFORE, AFTER, max_tokens=20, order=order)
    text = await text_of(engine.infill(request))
    assert "fib(n - 1) + fib(n - 2)" in text.replace("n-", "n - ")
    assert await text_of(engine.infill(request)) == text


async def test_infill_inside_a_word(engine):
    text = await text_of(engine.infill(infill(BEFORE + "ret", AFTER, max_tokens=16)))
    assert text.startswith("urn fib(")


async def test_chat(engine):
    question = "Which Python keyword defines a function? Answer with the keyword alone."
    answers = [await collect(engine.chat(chat(question, max_tokens=24))) for _ in range(2)]
    text, last = answers[0]
    assert "def" in text
    assert last.finish is Finish.STOP
    assert "<|" not in text
    assert answers[1][0] == text


async def test_cancelled_reading_leaves_the_engine_idle(engine, gate):
    stop = gate.stop_at(1)
    task = asyncio.create_task(collect(engine.chat(chat("cats and dogs " * 200))))
    await stop.reached()
    task.cancel()
    stop.open()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await idle(engine)
    assert len(gate.decodes) == 1
