"""How often do code actions help? Small bugs and HumanEval's signatures through the server.

`python -m benchmarks.actions` opens each bug's file in a real server process, chooses Fix (on the
selected code, and on a diagnostic), makes the edit that comes, and runs the test. Generate is asked
for the bodies of HumanEval's functions.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks import table
from benchmarks.actions import bugs, programs, signatures
from benchmarks.actions.asking import Asking, Outcome
from benchmarks.actions.bugs import Bug
from benchmarks.humaneval import spread
from lsp_server.config import Config
from tests.e2e.editor import running_editor

_SAID_EVERY_S = 60


@dataclass(frozen=True)
class Result:
    """What became of one case: repaired, changed (a clean edit that does not pass), refused (with a
    reason), misplaced (an edit outside its place)."""

    name: str
    outcome: Outcome
    became: str


@click.command()
@click.option("--limit", type=click.IntRange(1), help="Cases of each kind, evenly spread.")
@click.option("--only", type=click.Choice(["fix", "generate", "both"]), default="both")
@click.option("--languages", default=",".join(bugs.LANGUAGES), show_default=True)
@click.option("--model", default=Config().models.instruct, show_default=True)
@click.option("--tries", type=click.Choice(["one", "several"]), default="several")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(
    limit: int | None,
    only: str,
    languages: str,
    model: str,
    tries: str,
    json_path: Path | None,
) -> None:
    """Fix on small bugs with a diagnostic and without, Generate on HumanEval's signatures."""
    os.environ["CODELLAMA_LSP_CONFIG"] = os.devnull  # the defaults, not the user's settings
    os.environ["CODELLAMA_LSP_ACTIONS"] = os.devnull
    runnable = [language for language in languages.split(",") if programs.can_run(language)]
    for language in set(languages.split(",")) - set(runnable):
        _say(f"{language}: not run, for there is no interpreter here")
    options = {
        "models": {"infill": model, "instruct": model},
        "engine": {"kind": "in-process"},
        "actions": {"time_limit": 0} if tries == "one" else {},
    }
    found = asyncio.run(_measure(runnable, limit, only, options))
    rows = [_row(kind, results) for kind, results in found.items()]
    print(table.as_text(rows))
    content = {
        "command": " ".join(["python -m benchmarks.actions", *sys.argv[1:]]),
        "machine": table.machine(model),
        "rows": rows,
        "cases": {
            kind: [
                {"name": r.name, "became": r.became, "tries": r.outcome.tries, "told": _told(r)}
                for r in results
            ]
            for kind, results in found.items()
        },
    }
    table.write_json(json_path or table.RESULTS / "actions.json", content)


async def _measure(
    languages: Sequence[str], limit: int | None, only: str, options: dict[str, Any]
) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    async with running_editor(options=options) as editor:
        await editor.until_loaded()
        if editor.messages:
            raise RuntimeError(editor.messages[0].message)
        asking = Asking(editor)
        for language in languages if only != "generate" else ():
            cases = spread(bugs.load(language), limit)
            for way in ("diagnostic", "selection"):
                found[f"fix, {language}, {way}"] = await _run(
                    f"fix, {language}, {way}", cases, lambda bug, way=way: _fix(asking, bug, way)
                )
        if only != "fix":
            tasks = spread(signatures.load(), limit)
            found["generate, HumanEval"] = await _run(
                "generate, HumanEval", tasks, lambda task: _generate(asking, task)
            )
    return found


async def _run(
    label: str, cases: Sequence[Any], work: Callable[[Any], Awaitable[Result]]
) -> list[Result]:
    results: list[Result] = []
    said = time.monotonic()
    for case in cases:
        results.append(await work(case))
        if time.monotonic() - said > _SAID_EVERY_S:
            said = time.monotonic()
            _say(f"{label}: {len(results)}/{len(cases)}, {_count(results, 'repaired')} repaired")
    _say(f"{label}: {_count(results, 'repaired')} of {len(results)} repaired")
    return results


async def _fix(asking: Asking, bug: Bug, way: str) -> Result:
    by_diagnostic = way == "diagnostic"
    outcome = await asking.perform(
        bug.language,
        bugs.LANGUAGES[bug.language],
        bug.text,
        bug.diagnosed if by_diagnostic else bug.span,
        "Fix",
        bug.message if by_diagnostic else "",
    )
    return await asyncio.to_thread(_judged, bug.name, outcome, bug.is_misplaced, bug.passes)


async def _generate(asking: Asking, task: signatures.Signature) -> Result:
    outcome = await asking.perform("python", ".py", task.text, task.span, "Generate")
    return await asyncio.to_thread(_judged, task.name, outcome, task.is_misplaced, task.passes)


def _judged(
    name: str, outcome: Outcome, is_misplaced: Callable[[str], bool], passes: Callable[[str], bool]
) -> Result:
    if outcome.text is None:
        return Result(name, outcome, "refused" if outcome.told else "lost")
    if is_misplaced(outcome.text):
        return Result(name, outcome, "misplaced")
    return Result(name, outcome, "repaired" if passes(outcome.text) else "changed")


def _row(kind: str, results: Sequence[Result]) -> dict[str, Any]:
    n = len(results)
    return {
        "action": kind,
        "n": n,
        "right": _count(results, "repaired") / n,
        "edited, not right": _count(results, "changed"),
        "refused": _count(results, "refused"),
        "misplaced": _count(results, "misplaced"),
        "neither": _count(results, "lost"),
        "tried again": sum(r.outcome.tries > 1 for r in results),
        "median s": round(median(r.outcome.ms for r in results) / 1000, 1),
    }


def _count(results: Sequence[Result], became: str) -> int:
    return sum(r.became == became for r in results)


def _told(result: Result) -> str:
    """What the user was told, of a page no more than that there was one."""
    return "a page" if result.outcome.told.startswith("file:") else result.outcome.told


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
