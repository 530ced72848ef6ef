"""The first table: typing through this server and through llama.vim's way, in turn."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import peer
from benchmarks.table import as_text
from benchmarks.typing.engine_process import running_engine
from benchmarks.typing.llama_server import LLAMA_VIM, llama_server
from benchmarks.typing.llama_vim import LlamaVim
from benchmarks.typing.ours import Ours
from benchmarks.typing.recording import recorded
from benchmarks.typing.replay import replay
from benchmarks.typing.summary import CountTokens, Row, side_by_side, summary
from lsp_server.config import EngineSettings
from lsp_server.models.store import locate

_FIRST_KEYS = 4


async def replays(
    model: str, keys: int, intervals: Sequence[float], pauses: Sequence[float]
) -> list[dict[str, Any]]:
    """A table for each interval with the first pause, printed as they come. For each other pause
    one with the first interval and a place's first keys: only they are the other for it."""
    path = locate(model)
    count = token_counter(path)
    settings = [(keys, interval, pauses[0]) for interval in intervals]
    settings += [(min(keys, _FIRST_KEYS), intervals[0], pause) for pause in pauses[1:]]
    results = []
    for keys, interval, pause in settings:
        ours = await _ours(model, keys, interval, pause, count)
        theirs = None
        print(f"this server: {ours['mean over all keys, ms']:.0f} ms a key on average", flush=True)
        if peer.program("llama-server"):
            theirs = await _theirs(path, keys, interval, pause, count)
        title = f"{interval * 1000:g} ms between keys, {pause:g} s after a jump"
        print(as_text(side_by_side(title, ours, theirs)), end="\n\n", flush=True)
        results.append(
            {
                "interval": interval,
                "pause": pause,
                "keys a place": keys,
                "this server": ours,
                "llama.vim's way": theirs,
            }
        )
    return results


async def _ours(model: str, keys: int, interval: float, pause: float, count: CountTokens) -> Row:
    async with running_engine(model) as engine, engine.client() as client:
        await client.until_loaded()
        answered = await replay(Ours(client), recorded(keys), interval, pause)
        await asyncio.sleep(interval)
        return summary(answered, engine.work(), count)


async def _theirs(model: Path, keys: int, interval: float, pause: float, count: CountTokens) -> Row:
    threads = str(threads_of_ours())
    async with llama_server(model, *LLAMA_VIM, "--threads", threads) as http:
        vim = LlamaVim(http)
        answered = await replay(vim, recorded(keys), interval, pause)
        await vim.close()
        return summary(answered, vim.work, count)


def threads_of_ours() -> int:
    """What our engine takes by default, so that both have the same."""
    import psutil

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1


def token_counter(model: Path) -> CountTokens:
    """Counts with the model's own tokenizer."""
    from lsp_server.engine.llama.model import LlamaModel

    vocab = LlamaModel(model, EngineSettings(), vocab_only=True).vocab
    return lambda text: len(vocab.encode_inside(text))
