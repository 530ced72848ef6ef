"""What the server adds to the engine: a key's whole way, less the time inside llama_decode."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.typing.bare import Bare
from benchmarks.typing.engine_process import running_engine
from benchmarks.typing.ours import Ours
from benchmarks.typing.recording import recorded
from benchmarks.typing.replay import Answered, replay
from benchmarks.typing.summary import Row, mean, quantile
from benchmarks.typing.work import Decode
from lsp_server.models.store import locate

# Tokens of one decode from which on it is reading, not typing.
_ANEW = 32
# Nothing but the keys' own work, and no waiting for the next key.
_PLAIN = {"look_ahead": False, "debounce": "off"}


@dataclass(frozen=True)
class OneKey:
    """A key that the engine answered, in milliseconds."""

    whole: float
    decode: float
    bare: float
    tokens: int
    read: int
    """The most tokens of one decode."""

    @property
    def own(self) -> float:
        return self.whole - self.decode


async def overhead(model: str, keys: int, threads: int) -> list[Row]:
    """Rows for keys that evaluate few tokens and for those that read a place anew."""
    async with running_engine(model, _PLAIN) as engine, engine.client() as client:
        await client.until_loaded()
        answered = await replay(Ours(client, tells_cursor=False), recorded(keys), 0.05, 0.0)
        decodes = engine.decodes()
    bare = Bare(locate(model), threads)
    try:
        measured = await asyncio.to_thread(_measured, answered, decodes, bare)
    finally:
        bare.close()
    few = [key for key in measured if key.read < _ANEW]
    many = [key for key in measured if key.read >= _ANEW]
    return [_row("keys that append to what was read", few), _row("keys that read a place", many)]


def _measured(answered: Sequence[Answered], decodes: Sequence[Decode], bare: Bare) -> list[OneKey]:
    found = []
    for key in answered:
        mine = [d for d in decodes if key.started <= d.begun and d.ended <= key.ended]
        if mine:
            tokens = sum(one.tokens for one in mine)
            decode, read = sum(one.ms for one in mine), max(one.tokens for one in mine)
            found.append(OneKey(key.ms, decode, bare.ms(mine), tokens, read))
    return found


def _row(name: str, keys: Sequence[OneKey]) -> Row:
    return {
        "what the server adds": name,
        "keys": len(keys),
        "tokens": mean(key.tokens for key in keys),
        "key to suggestion, p50 ms": quantile([key.whole for key in keys], 0.5),
        "inside llama_decode, p50 ms": quantile([key.decode for key in keys], 0.5),
        "added, p50 ms": quantile([key.own for key in keys], 0.5),
        "added, p95 ms": quantile([key.own for key in keys], 0.95),
        "added, p50 share": quantile([key.own / key.decode for key in keys], 0.5),
        "the same decodes bare, p50 ms": quantile([key.bare for key in keys], 0.5),
        "whole less bare, p50 ms": quantile([key.whole - key.bare for key in keys], 0.5),
        "whole over bare, p50": quantile([key.whole / key.bare for key in keys], 0.5),
    }
