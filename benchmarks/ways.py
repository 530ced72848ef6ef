"""The ways of asking for a completion: the language server with some settings, the bare model."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
from lsprotocol import types

from benchmarks.gaps import Answer, Document
from benchmarks.humaneval import Task
from benchmarks.lsp_text import accept, position_at
from lsp_server.config import Config, Sampling
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.protocol import InfillRequest, Role
from tests.e2e.editor import running_editor

# The settings of each way through the server.
SERVED: dict[str, dict[str, Any]] = {
    "auto": {},
    "psm": {"infill": {"order": "psm", "healing": "off"}},
    "spm": {"infill": {"order": "spm", "healing": "off"}},
    "spm+heal": {"infill": {"order": "spm", "healing": "on"}},
}
BARE = "bare"
PEER = "llama-server"
WAYS = [*SERVED, BARE, PEER]


def settings(way: str, model: str) -> dict[str, Any]:
    """The editor's settings. The engine is the server's own and works on nothing else, so that
    neither another window's work nor the next suggestion is in the times."""
    return {
        "models": {"infill": model, "instruct": model},
        "engine": {"kind": "in-process"},
        "completion": {"look_ahead": False, "statistics": False},
        **SERVED[way],
    }


class Server:
    """Asks as an editor does: opens the document, asks at the cursor, inserts what comes."""

    def __init__(self, editor: Any) -> None:
        self._editor = editor
        self._opened = 0

    async def ask(self, task: Task, document: Document) -> Answer:
        self._opened += 1
        uri = f"file:///benchmark/task_{self._opened}.py"
        self._editor.open(uri, document.text)
        at = position_at(document.text, document.offset)
        started = time.perf_counter()
        found = await asyncio.wait_for(self._editor.complete(uri, at.line, at.character), 300)
        ms = (time.perf_counter() - started) * 1000
        self._editor.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        if found is None or not found.items:
            return Answer(document.text, None, ms, 0)
        item = found.items[0]
        return Answer(accept(document.text, item), str(item.insert_text), ms, 0)


class BareModel:
    """The model's documented prompt, greedy, up to its own end tokens or max_tokens."""

    def __init__(self, engine: LlamaEngine, max_tokens: int) -> None:
        self._engine = engine
        self._max_tokens = max_tokens

    async def ask(self, task: Task, document: Document) -> Answer:
        greedy = Sampling(temperature=0)
        request = InfillRequest(
            task.prompt, task.suffix, self._max_tokens, greedy, order="psm", heal=False
        )
        text = ""
        started = time.perf_counter()
        async with aclosing(self._engine.infill(request)) as stream:
            async for chunk in stream:
                text += chunk.text
                if task.kind == "single" and "\n" in text:
                    break
        return _as_written(task, text, (time.perf_counter() - started) * 1000)


class Peer:
    """llama-server's own `/infill`, greedy. It has to run with the same model file."""

    def __init__(self, client: httpx.AsyncClient, max_tokens: int) -> None:
        self._client = client
        self._max_tokens = max_tokens

    async def ask(self, task: Task, document: Document) -> Answer:
        question = {
            "input_prefix": task.prompt,
            "input_suffix": task.suffix,
            "n_predict": self._max_tokens,
            "temperature": 0,
            "stream": True,
        }
        text = ""
        started = time.perf_counter()
        async with self._client.stream("POST", "/infill", json=question) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    text += json.loads(line[6:])["content"]
                if task.kind == "single" and "\n" in text:
                    break
        return _as_written(task, text, (time.perf_counter() - started) * 1000)


def _as_written(task: Task, text: str, ms: float) -> Answer:
    """A missing line is cut at its end; nothing else is done to the text."""
    if task.kind == "single":
        line, newline, _ = text.partition("\n")
        text = line + newline
    return Answer(task.prompt + text + task.suffix, text, ms, 0)


Asked = Server | BareModel | Peer


@asynccontextmanager
async def asking(way: str, config: Config, peer_url: str = "") -> AsyncIterator[Asked]:
    """A way of asking, with its model loaded."""
    if way == PEER:
        async with httpx.AsyncClient(
            base_url=peer_url,
            timeout=300,
            trust_env=False,
            # While a task's test runs, llama-server closes a connection that is kept.
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            yield Peer(client, config.completion.max_tokens)
        return
    if way == BARE:
        async with loaded(config) as engine:
            yield BareModel(engine, config.completion.max_tokens)
        return
    async with running_editor(options=settings(way, config.models.infill)) as editor:
        await editor.until_loaded()
        if editor.messages:
            raise RuntimeError(editor.messages[0].message)
        yield Server(editor)


@asynccontextmanager
async def loaded(config: Config) -> AsyncIterator[LlamaEngine]:
    """The engine in this process."""
    engine = LlamaEngine(config.models, config.engine, config.infill.family)
    try:
        await engine.ready()
        yield engine
    finally:
        await engine.close()


async def count_tokens(engine: LlamaEngine, texts: Sequence[str]) -> list[int]:
    return await engine.count_tokens(Role.INFILL, texts)
