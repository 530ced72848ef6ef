"""From cancelling to an idle engine: an editor's $/cancelRequest at random moments."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from benchmarks.typing.engine_process import Running, running_engine
from benchmarks.typing.recording import source
from benchmarks.typing.summary import Row, quantile
from benchmarks.typing.work import Decode
from tests.e2e.editor import Editor

_FILE = "textwrap.py"
_BEFORE = "        # Arrange in reverse order so items can be efficiently popped"
# Longer than any line; the protocol takes it for the line's end.
_LONG_LINE = 1000
# A decode of more tokens reads a prompt.
_WRITTEN = 8
# After so long with no decode the engine is idle.
_QUIET = 0.3
_MOST_TRIALS = 200


async def cancels(model: str, wanted: int) -> list[Row]:
    """Milliseconds from the notification's sending to the end of the last llama_decode, for so many
    cancels while a prompt was read and so many while an answer was written."""
    chance = random.Random(0)
    reading: list[float] = []
    writing: list[float] = []
    completion = {"look_ahead": False, "debounce": "off"}
    async with running_engine(model, completion) as engine, engine.editor() as editor:
        await editor.until_loaded()
        trials = Trials(engine, editor)
        for _ in range(_MOST_TRIALS):
            if len(reading) < wanted:
                found = await trials.cancelled(await trials.new_place(), chance.uniform(0, 1.0))
            elif len(writing) < wanted:
                found = await trials.cancelled(await trials.known_place(), chance.uniform(0, 0.3))
            else:
                break
            if found:
                running, ms = found
                (reading if running.tokens > _WRITTEN else writing).append(ms)
    return [_row("reading", reading[:wanted]), _row("writing", writing[:wanted])]


def _row(name: str, found: list[float]) -> Row:
    return {
        "cancelled while": name,
        "cancels": len(found),
        "to idle, p50 ms": quantile(found, 0.5),
        "to idle, p95 ms": quantile(found, 0.95),
        "max ms": quantile(found, 1.0),
    }


@dataclass(frozen=True)
class Cursor:
    uri: str
    position: types.Position


class Trials:
    """Requests that are cancelled, each for a text that was not asked for before."""

    def __init__(self, engine: Running, editor: Editor) -> None:
        self._engine = engine
        self._editor = editor
        self._count = 0
        self._known: Cursor | None = None

    async def new_place(self) -> Cursor:
        """In a document that shares no beginning with another: it has to be read."""
        self._count += 1
        lines = source(_FILE).split("\n")
        text = "\n".join(f"{line}  # {self._count}" if line.strip() else "" for line in lines)
        uri = f"file:///cancelled/{self._count}.py"
        self._editor.open(uri, text)
        return Cursor(uri, types.Position(lines.index(_BEFORE) - 1, 0))

    async def known_place(self) -> Cursor:
        """On a line of a document that was read: only the line's few tokens are new."""
        if self._known is None:
            self._known = await self.new_place()
            await self._complete(self._known)
        self._count += 1
        uri, line = self._known.uri, self._known.position.line
        typed = f"        total_{self._count} = "
        self._editor.change(uri, self._count, (line, 0, line, _LONG_LINE, typed))
        return Cursor(uri, types.Position(line, len(typed)))

    async def cancelled(self, cursor: Cursor, delay: float) -> tuple[Decode, float] | None:
        """What was running when it was cancelled, and the milliseconds that the engine was at work
        after that; None where nothing was running."""
        asked = self._complete(cursor)
        await asyncio.sleep(delay)
        sent = time.monotonic()
        protocol = self._editor.client.protocol
        protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=self._id))
        with contextlib.suppress(JsonRpcException):
            await asked
        decodes = await self._until_quiet()
        running = next((d for d in decodes if d.begun <= sent < d.ended), None)
        if running is None:
            return None
        return running, (max(d.ended for d in decodes) - sent) * 1000

    @property
    def _id(self) -> str:
        return f"trial-{self._count}"

    def _complete(self, cursor: Cursor) -> "asyncio.Future[types.InlineCompletionList | None]":
        params = types.InlineCompletionParams(
            context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            text_document=types.TextDocumentIdentifier(cursor.uri),
            position=cursor.position,
        )
        found: asyncio.Future[types.InlineCompletionList | None]
        found = self._editor.client.protocol.send_request_async(
            types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id=self._id
        )
        return found

    async def _until_quiet(self) -> list[Decode]:
        """Every decode, once there was none for a while."""
        while True:
            decodes = self._engine.decodes()
            await asyncio.sleep(_QUIET)
            if len(self._engine.decodes()) == len(decodes):
                return decodes
