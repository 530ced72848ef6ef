"""How often is a suggestion right? HumanEval infilling through the language server.

`python -m benchmarks.quality` opens each task's code in a real server process, asks for an inline
completion at the gap, inserts what comes, and runs the task's test. Beside it stands the bare model
with its documented prompt.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import click

from benchmarks import failures, humaneval, sandbox, table
from benchmarks.gaps import Answer, Document, Result, document
from benchmarks.humaneval import Task
from benchmarks.replay import replayer
from benchmarks.ways import BARE, PEER, SERVED, WAYS, Asked, asking, count_tokens, loaded
from lsp_server.config import Config
from lsp_server.config_sources import Source, merge

Results = dict[tuple[str, str], list[Result]]  # by kind of task and way
_SAID_EVERY_S = 60
# The first request pays for what is made only once; it is not counted.
_WARM_UP = Task("span", "warm-up", "def add(a, b):\n    return ", "\n", "a + b", "", "add")


@click.command()
@click.option("--limit", type=click.IntRange(1), help="Tasks of each kind, evenly spread.")
@click.option("--tasks", type=click.Choice(["single", "span", "both"]), default="both")
@click.option("--ways", default=",".join([*SERVED, BARE]), show_default=True)
@click.option("--llama-server", "peer", metavar="URL", help="For the way llama-server.")
@click.option("--model", default=Config().models.infill, show_default=True)
@click.option("--joined", is_flag=True, help="No line end after a missing line, as in the data.")
@click.option("--show-failures", type=click.IntRange(0), default=0, metavar="K")
@click.option("--add", is_flag=True, help="To what the JSON has of the same tasks, other ways.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(
    limit: int | None,
    tasks: str,
    ways: str,
    peer: str | None,
    model: str,
    joined: bool,
    show_failures: int,
    add: bool,
    json_path: Path | None,
) -> None:
    """HumanEval infilling, SingleLine and RandomSpanLight, pass@1."""
    os.environ["CODELLAMA_LSP_CONFIG"] = os.devnull  # the defaults, not the user's settings
    config = merge(Source("benchmark", {"models": {"infill": model, "instruct": model}}))
    chosen = _chosen_ways(ways, peer)
    kinds = list(humaneval.FILES) if tasks == "both" else [tasks]
    sets = {kind: humaneval.spread(humaneval.load(kind), limit) for kind in kinds}
    results, reasons, texts = asyncio.run(
        _measure(sets, chosen, config, joined, show_failures, peer or "")
    )
    rows = [_row(kind, way, found, results) for (kind, way), found in results.items()]
    print(*texts, sep="\n\n", end="\n\n" if texts else "")
    print(table.as_text(rows))
    for (kind, way), counts in reasons.items():
        print(f"null, {humaneval.NAMES[kind]}, {way}: {_in_words(counts)}")
    content = {
        "options": {"limit": limit, "tasks": tasks, "ways": chosen, "joined": joined},
        "machine": table.machine(model),
        "rows": rows,
        "null": [
            {"tasks": kind, "way": way, "reasons": dict(counts)}
            for (kind, way), counts in reasons.items()
        ],
        "failed": [
            {"tasks": kind, "way": way, "ids": [r.task.id for r in found if not r.passed]}
            for (kind, way), found in results.items()
        ],
    }
    path = json_path or table.RESULTS / "quality.json"
    table.write_json(path, _added(path, content) if add and path.exists() else content)


def _added(path: Path, new: dict[str, Any]) -> dict[str, Any]:
    """The results with those that the file has of other ways. Raises click.ClickException where
    they are of other tasks or another machine."""
    old = json.loads(path.read_text(encoding="utf-8"))
    ways = new["options"]["ways"]
    old["options"]["ways"] = [way for way in old["options"]["ways"] if way not in ways] + ways
    new["options"]["ways"] = old["options"]["ways"]
    if old["options"] != new["options"] or old["machine"] != new["machine"]:
        raise click.ClickException(f"{path} is of other tasks or another machine.")
    for key in ("rows", "null", "failed"):
        new[key] = [entry for entry in old[key] if entry["way"] not in ways] + new[key]
    return new


def _chosen_ways(ways: str, peer: str | None) -> list[str]:
    chosen = ways.split(",") + ([PEER] if peer and PEER not in ways else [])
    if unknown := set(chosen) - set(WAYS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: known are {', '.join(WAYS)}")
    if PEER in chosen and not peer:
        raise click.BadParameter("llama-server needs --llama-server URL")
    return chosen


async def _measure(
    sets: dict[str, list[Task]],
    ways: Sequence[str],
    config: Config,
    joined: bool,
    shown: int,
    peer: str,
) -> tuple[Results, dict[tuple[str, str], Counter[str]], list[str]]:
    """The results, why there was no suggestion, and the texts of some failing cases."""
    results: Results = {}
    for way in ways:
        async with asking(way, config, peer) as asked:
            await asked.ask(_WARM_UP, document(_WARM_UP))
            for kind, tasks in sets.items():
                label = f"{humaneval.NAMES[kind]}, {way}"
                results[kind, way] = await _run(asked, tasks, joined, label)
    results = dict(sorted(results.items(), key=lambda entry: list(sets).index(entry[0][0])))
    results = await _with_tokens(results, config)
    reasons, texts = await _look_closer(results, config, shown)
    return results, reasons, texts


async def _run(asked: Asked, tasks: Sequence[Task], joined: bool, label: str) -> list[Result]:
    results: list[Result] = []
    said = time.monotonic()
    for task in tasks:
        place = document(task, joined)
        answer = await asked.ask(task, place)
        results.append(await asyncio.to_thread(_test, task, place, answer))
        if time.monotonic() - said > _SAID_EVERY_S:
            said = time.monotonic()
            _say(f"{label}: {len(results)}/{len(tasks)}, {_passed(results)} passed")
    _say(f"{label}: {_passed(results)} of {len(tasks)} passed")
    return results


def _test(task: Task, place: Document, answer: Answer) -> Result:
    if answer.inserted is None:
        return Result(task, place, answer, False, "no suggestion")
    outcome = sandbox.run(task.program(answer.completed))
    return Result(task, place, answer, outcome.passed, outcome.why)


async def _with_tokens(results: Results, config: Config) -> Results:
    """The results with the number of tokens of what was inserted."""
    counted: Results = {}
    async with loaded(config) as engine:
        for key, found in results.items():
            counts = await count_tokens(engine, [r.answer.inserted or "" for r in found])
            counted[key] = [
                replace(r, answer=replace(r.answer, tokens=n))
                for r, n in zip(found, counts, strict=True)
            ]
    return counted


async def _look_closer(
    results: Results, config: Config, shown: int
) -> tuple[dict[tuple[str, str], Counter[str]], list[str]]:
    """Ask again where there was no suggestion, and for the failures that are to be shown."""
    reasons: dict[tuple[str, str], Counter[str]] = {}
    texts: list[str] = []
    engine, again = await replayer(config)
    try:
        for (kind, way), found in results.items():
            failed = [r for r in found if not r.passed]
            for number, result in enumerate(failed):
                is_null = result.answer.inserted is None
                wanted = number < shown or is_null
                replay = (
                    await again.replay(way, result.document) if wanted and way in SERVED else None
                )
                if is_null and replay:
                    reasons.setdefault((kind, way), Counter())[replay.why_null] += 1
                if number < shown:
                    texts.append(failures.as_text(way, result, replay))
    finally:
        await engine.close()
    return reasons, texts


def _row(kind: str, way: str, found: Sequence[Result], results: Results) -> dict[str, Any]:
    n = len(found)
    pass_at_1 = _passed(found) / n
    bare = results.get((kind, BARE))
    return {
        "tasks": humaneval.NAMES[kind],
        "way": way,
        "n": n,
        "pass@1": round(pass_at_1, 4),
        "x bare": round(_passed(found) / _passed(bare), 2) if bare and _passed(bare) else None,
        "null": sum(r.answer.inserted is None for r in found),
        "exact": round(sum(r.exact for r in found) / n, 4),
        "ms": round(mean(r.answer.ms for r in found)),
        "tokens": round(mean(r.answer.tokens for r in found), 1),
    }


def _passed(results: Sequence[Result]) -> int:
    return sum(r.passed for r in results)


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{n} x {reason}" for reason, n in counts.most_common())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
