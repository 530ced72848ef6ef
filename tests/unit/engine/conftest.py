"""The engine on a tiny random model, and a gate that stops its thread where a test wants it."""

import asyncio
import threading

import attrs
import pytest

from lsp_server.config import EngineSettings, Models
from lsp_server.engine.llama.context import LlamaContext
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.llama.sampler import Sampler
from lsp_server.engine.llama.worker import Worker
from lsp_server.engine.protocol import ChatRequest, InfillRequest, Message

SETTINGS = EngineSettings(n_ctx=512, n_batch=32, n_ubatch=32, n_threads=1, n_gpu_layers=0)
_PATIENCE_S = 60


@pytest.fixture
async def start(tiny_path):
    """Starts engines on the tiny model; `start(n_ctx=256)` changes a setting."""
    engines = []

    def started(models=None, family="auto", **changed):
        models = models or Models(infill=str(tiny_path), instruct=str(tiny_path))
        engine = LlamaEngine(models, attrs.evolve(SETTINGS, **changed), family)
        engines.append(engine)
        return engine

    yield started
    for engine in engines:
        await engine.close()


@pytest.fixture
def engine(start):
    return start()


@pytest.fixture
def gate(monkeypatch):
    return Gate(monkeypatch)


@pytest.fixture
def script(monkeypatch):
    """`script(tokens)` makes the model say these tokens, whatever its weights want."""

    def play(tokens):
        said = iter(tokens)
        monkeypatch.setattr(Sampler, "choose", lambda *_: next(said))

    return play


class Gate:
    """Records every decode by the number of the sequence that it is for, and can stop the engine's
    thread at one; tells when a generation was handed to that thread."""

    def __init__(self, monkeypatch):
        self.decodes = []
        self._stops = {}
        self._submitted = asyncio.Queue()
        decode, submit = LlamaContext.decode, Worker.submit

        def recorded(context, parts):
            self.decodes.append(parts[0].sequence.number)
            stop = self._stops.pop(len(self.decodes), None)
            if stop is not None:
                stop.wait()
            decode(context, parts)

        def announced(worker, generation, fail):
            submit(worker, generation, fail)
            self._submitted.put_nowait(generation)

        monkeypatch.setattr(LlamaContext, "decode", recorded)
        monkeypatch.setattr(Worker, "submit", announced)

    def stop_at(self, nth):
        """Stop before the nth decode of all that were recorded; the first is 1."""
        self._stops[nth] = Stop()
        return self._stops[nth]

    async def submitted(self, count=1):
        """Wait for so many more generations to be handed over."""
        for _ in range(count):
            await self._submitted.get()


class Stop:
    """A place where the engine's thread waits until the test opens it."""

    def __init__(self):
        self._reached = threading.Event()
        self._opened = threading.Event()

    async def reached(self):
        assert await asyncio.to_thread(self._reached.wait, _PATIENCE_S)

    def open(self):
        self._opened.set()

    def wait(self):
        self._reached.set()
        assert self._opened.wait(_PATIENCE_S)


async def collect(stream):
    """The whole text, and the last chunk."""
    chunks = [chunk async for chunk in stream]
    return "".join(chunk.text for chunk in chunks), chunks[-1]


async def text_of(stream):
    return (await collect(stream))[0]


def sequences(engine):
    return engine._loading.result().infill.kv.sequences


async def forget(engine):
    """Empty the KV cache."""
    context = engine._loading.result().infill

    def clear():
        for sequence in context.kv.sequences:
            context.kv.truncate(sequence, 0)

    await asyncio.wrap_future(engine._worker.call(clear))


async def idle(engine):
    """Wait until the worker has no generation left; every sequence is free then."""
    while engine._worker._generations:
        await asyncio.wrap_future(engine._worker.call(lambda: None))
    return not any(sequence.busy for sequence in sequences(engine))


def infill(prefix="def f(a):\n    ", suffix="\n", max_tokens=8, **more):
    return InfillRequest(prefix, suffix, max_tokens, **more)


def chat(question="What is it?", max_tokens=8, **more):
    return ChatRequest((Message("user", question),), max_tokens, **more)
