"""A stream that is asked for again after it broke off: what was given is not given twice."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from lsp_server.engine.protocol import Chunk
from lsp_server.errors import EngineError, EngineGone

Stream = AsyncGenerator[Chunk, None]


async def without_start(
    stream: Stream, given: Mapping[int, str], otherwise: EngineError | None = None
) -> Stream:
    """A stream less the text that was already given of each alternative. Raises `otherwise`, or
    EngineGone, where one begins in another way."""
    rest = dict(given)
    async with aclosing(stream):
        async for chunk in stream:
            repeated = rest.get(chunk.index, "")
            common = min(len(repeated), len(chunk.text))
            if chunk.text[:common] != repeated[:common]:
                raise otherwise or EngineGone(
                    "The engine died in the middle of an answer.", "Ask again."
                )
            rest[chunk.index] = repeated[common:]
            yield replace(chunk, text=chunk.text[common:])
