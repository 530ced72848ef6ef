"""How often do code actions help? Small bugs and HumanEval's signatures through the server.

`python -m benchmarks.actions` opens each bug's file in a real server process, chooses Fix (on the
selected code, and on a diagnostic), makes the edit that comes, and runs the test. Generate is asked
for the bodies of HumanEval's functions.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click

from benchmarks import table
from benchmarks.actions import bugs, programs, results, signatures
from benchmarks.actions.asking import Asking
from benchmarks.actions.bugs import Bug
from benchmarks.actions.results import Case
from benchmarks.humaneval import spread
from lsp_server.config import Config
from tests.e2e.editor import running_editor

_SETS = ("tuned", "held-out", "generate")

Work = Callable[[Asking], Awaitable[Case]]


@dataclass(frozen=True)
class Task:
    """A case that is still to be done, in the row of the table that it belongs to."""

    kind: str
    name: str
    work: Work


@click.command()
@click.option("--set", "sets", type=click.Choice(_SETS), multiple=True, default=_SETS)
@click.option("--limit", type=click.IntRange(1), help="Cases of each kind, evenly spread.")
@click.option("--languages", default=",".join(bugs.LANGUAGES), show_default=True)
@click.option("--model", default=Config().models.instruct, show_default=True)
@click.option("--tries", type=click.Choice(["one", "several"]), default="several")
@click.option("--minutes", type=float, help="Begin no case after that; --resume goes on.")
@click.option("--resume", is_flag=True, help="Keep the cases that the JSON has already.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(
    sets: tuple[str, ...],
    limit: int | None,
    languages: str,
    model: str,
    tries: str,
    minutes: float | None,
    resume: bool,
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
    path = json_path or table.RESULTS / "actions.json"
    found = results.read(path) if resume else {}
    tasks = _in_turn([task for name in sets for task in _tasks(name, runnable, limit)])
    until = time.monotonic() + minutes * 60 if minutes else None
    asyncio.run(_measure(tasks, found, options, until))
    rows = [results.row(kind, cases) for kind, cases in found.items()]
    print(table.as_text(rows))
    content = {
        "command": " ".join(["python -m benchmarks.actions", *sys.argv[1:]]),
        "commit": results.commit(),
        "machine": table.machine(model),
        "rows": rows,
        "cases": results.as_json(found),
    }
    table.write_json(path, content)
    _say(f"{sum(map(len, found.values()))} of {len(tasks)} cases are done.")


def _tasks(name: str, languages: list[str], limit: int | None) -> Iterator[Task]:
    if name == "generate":
        for signature in spread(signatures.load(), limit):
            yield Task("generate, HumanEval", signature.name, _generate(signature))
        return
    held_out = name == "held-out"
    for language in languages:
        for way in ("diagnostic", "selection"):
            kind = f"fix, {language}, {way}" + (", held out" if held_out else "")
            for bug in spread(bugs.load(language, held_out), limit):
                yield Task(kind, bug.name, _fix(bug, way))


def _in_turn(tasks: list[Task]) -> list[Task]:
    """One of each kind, then the next of each, so that a run that was stopped has some of all."""
    kinds = list(dict.fromkeys(task.kind for task in tasks))
    rows = ([task for task in tasks if task.kind == kind] for kind in kinds)
    return [task for turn in zip_longest(*rows) for task in turn if task]


async def _measure(
    tasks: list[Task], found: dict[str, list[Case]], options: dict[str, Any], until: float | None
) -> None:
    """Do the tasks that `found` has no case of, and add theirs."""
    done = {(kind, case.name) for kind, cases in found.items() for case in cases}
    async with running_editor(options=options) as editor:
        await editor.until_loaded()
        if editor.messages:
            raise RuntimeError(editor.messages[0].message)
        asking = Asking(editor)
        for task in tasks:
            if until and time.monotonic() > until:
                return
            if (task.kind, task.name) not in done:
                case = await task.work(asking)
                found.setdefault(task.kind, []).append(case)
                _say(f"{task.kind}: {case.name}: {case.became}, {case.seconds} s")


def _fix(bug: Bug, way: str) -> Work:
    by_diagnostic = way == "diagnostic"

    async def work(asking: Asking) -> Case:
        outcome = await asking.perform(
            bug.language,
            bugs.LANGUAGES[bug.language],
            bug.text,
            bug.diagnosed if by_diagnostic else bug.span,
            "Fix",
            bug.message if by_diagnostic else "",
        )
        return await asyncio.to_thread(
            results.judged, bug.name, outcome, bug.is_misplaced, bug.passes
        )

    return work


def _generate(task: signatures.Signature) -> Work:
    async def work(asking: Asking) -> Case:
        outcome = await asking.perform("python", ".py", task.text, task.span, "Generate")
        return await asyncio.to_thread(
            results.judged, task.name, outcome, task.is_misplaced, task.passes
        )

    return work


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
