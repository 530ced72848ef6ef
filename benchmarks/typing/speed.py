"""Prefill and decode of our engine beside llama-bench: the same file and threads, in turn."""

import asyncio
import json
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import peer
from benchmarks.typing.engine_process import Running, running_engine
from benchmarks.typing.summary import Row, mean
from lsp_server.config import EngineSettings
from lsp_server.engine.protocol import InfillRequest
from lsp_server.models.store import locate

_PROMPT, _GENERATED = 512, 64


class Speed(NamedTuple):
    """Tokens a second: of reading a prompt with nothing else in the KV cache, of reading one with
    as long a one kept there, and of writing behind the first. llama.cpp attends to all that is in
    the cache, and masks what is another sequence's."""

    prefill: float
    prefill_beside: float
    decode: float


async def speeds(model: str, threads: int, rounds: int = 3) -> list[Row]:
    """The mean of some rounds in turn. llama-bench with our ubatch, and with its own."""
    mine: list[Speed] = []
    theirs: dict[int, list[Speed]] = {EngineSettings().n_ubatch: [], 512: []}
    for number in range(rounds):
        async with running_engine(model) as engine:
            mine.append(await ours(engine, number))
        for ubatch, measured in theirs.items():
            measured.append(await _theirs(locate(model), threads, ubatch))
    rows = [_row("this engine", mine)]
    rows += [_row(f"llama-bench, ubatch {ubatch}", found) for ubatch, found in theirs.items()]
    for ubatch, row in zip(theirs, rows[1:], strict=True):
        ratio = {key: rows[0][key] / row[key] for key in list(row)[1:]}
        rows.append({"tokens a second": f"ratio to ubatch {ubatch}", **ratio})
    return rows


def _row(name: str, found: list[Speed]) -> Row:
    return {
        "tokens a second": name,
        f"prefill of {_PROMPT}": mean(one.prefill for one in found),
        f"prefill beside {_PROMPT} kept": mean(one.prefill_beside for one in found),
        f"decode of {_GENERATED}": mean(one.decode for one in found),
    }


async def ours(engine: Running, number: int) -> Speed:
    """By a client's clock, with an engine that has read nothing yet. `number` makes the texts
    differ."""
    async for _ in engine.http.infill(InfillRequest("warm", "", 1)):
        pass
    prefill, decode = await _timed(engine, f"one {number} ")
    beside, _ = await _timed(engine, f"two {number} ")
    return Speed(prefill, beside, decode)


async def _timed(engine: Running, head: str) -> tuple[float, float]:
    text = await _text_of(engine, head)
    before = await engine.http.totals()
    started = time.perf_counter()
    times = [
        time.perf_counter() async for _ in engine.http.infill(InfillRequest(text, "", _GENERATED))
    ]
    after = await engine.http.totals()
    generated = after.generated - before.generated
    prompt = after.evaluated - before.evaluated - (generated - 1)
    return prompt / (times[0] - started), (generated - 1) / (times[-1] - times[0])


async def _text_of(engine: Running, head: str) -> str:
    """A text of about `_PROMPT` tokens that a model goes on with for long: a list of numbers."""
    from lsp_server.engine.protocol import Role

    text, number = f"# {head}\nnumbers = [", 0
    counts = await engine.http.count_tokens(Role.INFILL, [text, " 123456,"])
    while counts[0] < _PROMPT:
        text += f" {100000 + number},"
        number += 1
        counts[0] += counts[1]
    return text


async def _theirs(model: Path, threads: int, ubatch: int) -> Speed:
    """At the depths at which ours are."""
    program = peer.program("llama-bench")
    if program is None:
        raise SystemExit("llama-bench is not built yet: `make llama-server`.")
    process = await asyncio.create_subprocess_exec(
        *(program, "--model", str(model), "--threads", str(threads), "--output", "json"),
        *("--n-prompt", str(_PROMPT), "--n-gen", str(_GENERATED), "--repetitions", "1"),
        *("--n-depth", f"0,{_PROMPT}"),
        *("--batch-size", "512", "--ubatch-size", str(ubatch)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=peer.environment("active"),
    )
    out, _ = await process.communicate()
    speed = {(bool(t["n_gen"]), t["n_depth"]): float(t["avg_ts"]) for t in json.loads(out)}
    return Speed(speed[False, 0], speed[False, _PROMPT], speed[True, _PROMPT])
