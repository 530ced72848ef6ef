"""How often is what was taken out of a real, long file suggested again?

`python -m benchmarks.masked` takes lines and blocks out of the installed packages' sources and has
them completed, with the code that tree-sitter chose and with a plain window of the same budget,
with and without other files. What the model wrote is kept by its prompt, so that a run that ends
before its time (`--seconds`) is gone on with by the next one.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import click
from platformdirs import user_cache_path

from benchmarks import masked_tasks, table
from benchmarks.masked_scores import Score, score, summary
from benchmarks.masked_tasks import KINDS, PACKAGES, SETS, Masked
from benchmarks.ways import loaded
from lsp_server.completion.pipeline import Pipeline, context_budget, unix_lines
from lsp_server.completion.place import Place
from lsp_server.config import Config, Files
from lsp_server.config_sources import Source, merge
from lsp_server.context.budget import Count, counted_lines, cut_end, cut_start
from lsp_server.context.related.index import RelatedIndex
from lsp_server.context.trim import Window
from lsp_server.documents import DocumentSnapshot, apply_edits
from lsp_server.engine.protocol import Engine, InfillRequest, Repository

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "syntax": {},
    "syntax+files": {"related_share": 0.25},
    "syntax+comments": {"related_share": 0.25},
}
_SUFFIX_SHARE = 4


class OutOfTime(Exception):
    """The rest is for the next run."""


class Known:
    """What the model wrote, by its prompt, in a file that grows."""

    def __init__(self, path: Path, model: str, deadline: float) -> None:
        self._path = path
        self._model = model
        self._deadline = deadline
        self._middles: dict[str, str] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._middles[entry["prompt"]] = entry["middle"]

    def find(self, request: InfillRequest) -> str | None:
        """Raises OutOfTime where it would have to be asked for."""
        middle = self._middles.get(self._key(request))
        if middle is None and time.monotonic() > self._deadline:
            raise OutOfTime
        return middle

    def add(self, request: InfillRequest, middle: str) -> None:
        self._middles[self._key(request)] = middle
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"prompt": self._key(request), "middle": middle}) + "\n")

    def _key(self, request: InfillRequest) -> str:
        """All that the answer depends on."""
        asked = (self._model, request.prefix, request.suffix, request.max_tokens)
        how = (request.order, request.heal, request.repository)
        return sha256(repr((asked, how)).encode()).hexdigest()


class Asking(Pipeline):
    """The server's own way to a suggestion, with what the model wrote remembered."""

    def __init__(self, engine: Engine, info: Any, related: RelatedIndex, known: Known) -> None:
        super().__init__(engine, info, related)
        self.known = known
        self.plain = False

    @property
    def apart(self) -> bool:
        """Whether other files are shown in the model's own way, not as comments."""
        return self._info.files

    @apart.setter
    def apart(self, wanted: bool) -> None:
        self._info = replace(self._info, files=wanted)

    def _shown(
        self, snapshot: DocumentSnapshot, offset: int, config: Config, count: Count
    ) -> tuple[Window, Repository | None]:
        if not self.plain:
            return super()._shown(snapshot, offset, config, count)
        budget = context_budget(config, self._info)
        return plain_window(snapshot.text, offset, budget, count), None

    async def _generate(
        self, place: Place, request: InfillRequest, tell: Callable[[str], None]
    ) -> list[str]:
        middle = self.known.find(request)
        if middle is None:
            (middle,) = await super()._generate(place, request, tell)
            self.known.add(request, middle)
        return [middle]


def plain_window(text: str, offset: int, budget: int, count: Count) -> Window:
    """The nearest text that fits, a quarter of it after the cursor, or more where there is less
    before it."""
    before, after = unix_lines(text[:offset]), unix_lines(text[offset:])
    prefix = _nearest(before, budget - budget // _SUFFIX_SHARE, count, at_end=False)
    suffix = _nearest(after, budget - _cost(prefix, count), count, at_end=True)
    prefix = _nearest(before, budget - _cost(suffix, count), count, at_end=False)
    return Window(prefix, suffix)


def _nearest(text: str, budget: int, count: Count, *, at_end: bool) -> str:
    lines = text.splitlines(keepends=True)
    near = lines if at_end else lines[::-1]
    shown = len(counted_lines(near, budget, count))
    if not shown:
        return (
            cut_end(near[0], budget, count) if at_end and near else cut_start(text, budget, count)
        )
    kept = near[:shown]
    return "".join(kept if at_end else reversed(kept))


def _cost(text: str, count: Count) -> int:
    return sum(count(text.splitlines(keepends=True)))


@click.command()
@click.option("--n-ctx", type=click.IntRange(256), default=1024, show_default=True)
@click.option("--limit", type=click.IntRange(1), default=160, show_default=True, help="Tasks.")
@click.option("--ways", default=",".join(WAYS), show_default=True)
@click.option("--set", "chosen_set", type=click.Choice(SETS), default=SETS[1], show_default=True)
@click.option("--seconds", type=float, default=float("inf"), help="Stop then; run again to go on.")
@click.option("--model", default=Config().models.infill, show_default=True)
@click.option(
    "--kept", type=click.Path(path_type=Path, dir_okay=False), help="The model's answers."
)
@click.option("--show", type=click.IntRange(0), default=0, metavar="K", help="Print K bad ones.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(
    n_ctx: int,
    limit: int,
    ways: str,
    chosen_set: str,
    seconds: float,
    model: str,
    kept: Path | None,
    show: int,
    json_path: Path | None,
) -> None:
    """Masked lines and blocks in the installed packages' own long files."""
    kept = kept or user_cache_path("codellama-lsp") / "bench" / "masked.jsonl"
    config = merge(Source("benchmark", {"models": {"infill": model, "instruct": model}}))
    known = Known(kept, model, time.monotonic() + seconds)
    found = masked_tasks.tasks(chosen_set, limit)
    chosen = ways.split(",")
    if unknown := set(chosen) - set(WAYS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: known are {', '.join(WAYS)}")
    try:
        scores = asyncio.run(_measure(found, chosen, n_ctx, config, known, show))
    except OutOfTime:
        print("Not done yet: run it again to go on.", file=sys.stderr)
        raise SystemExit(3) from None
    rows = list(_rows(found, scores, n_ctx))
    print(table.as_text(rows))
    content = {
        "command": " ".join(["python -m benchmarks.masked", *sys.argv[1:]]),
        "machine": table.machine(model),
        "set": chosen_set,
        "rows": rows,
        # Other versions of the packages have other gaps.
        "tasks": [task.id for task in found],
    }
    table.write_json(json_path or table.RESULTS / f"masked-{n_ctx}.json", content)


async def _measure(
    tasks: list[Masked], ways: list[str], n_ctx: int, config: Config, known: Known, show: int
) -> dict[str, list[Score]]:
    related = RelatedIndex([PACKAGES], Files(gitignore=False))
    scores: dict[str, list[Score]] = {way: [] for way in ways}
    async with loaded(config) as engine:
        info = replace(await engine.ready(), n_ctx=n_ctx, gpu=False)
        asking = Asking(engine, info, related, known)
        for number, task in enumerate(tasks):
            _say(f"{number} of {len(tasks)}: {task.id}")
            for way in ways:
                completed = await _completed(asking, related, task, way, config)
                scores[way].append(score(task, completed))
                if show and not scores[way][-1].exact:
                    show -= 1
                    print(_described(task, way, completed, scores[way][-1]))
    related.close()
    return scores


async def _completed(
    asking: Asking, related: RelatedIndex, task: Masked, way: str, config: Config
) -> str | None:
    """The document with the suggestion in it, None where there is none."""
    asking.plain = way == "plain"
    asking.apart = way == "syntax+files"
    snapshot = DocumentSnapshot(task.path.as_uri(), 1, "python", task.text)
    # All that is to be shown is read before the answer.
    wanted = {"context_tokens": 1 << 20, "quick_first": False, **WAYS[way]}
    settings = attrs.evolve(config.completion, **wanted)
    if settings.related_share:
        related.note_open(snapshot)
        related.chunks_for(snapshot, task.offset)
        await asyncio.to_thread(related.wait, snapshot.uri)
    config = attrs.evolve(config, completion=settings)
    edit = await asking.suggest(snapshot, task.offset, config)
    related.note_closed(snapshot.uri)
    return apply_edits(task.text, [edit]) if edit else None


def _rows(
    tasks: list[Masked], scores: dict[str, list[Score]], n_ctx: int
) -> Iterator[dict[str, Any]]:
    for kind in (*KINDS, "all"):
        for way, found in scores.items():
            of_kind = [
                one for task, one in zip(tasks, found, strict=True) if kind in (task.kind, "all")
            ]
            if of_kind:
                yield {"n_ctx": n_ctx, "gap": kind, "way": way, **summary(of_kind)}


def _described(task: Masked, way: str, completed: str | None, found: Score) -> str:
    before = task.text[: task.offset].split("\n")[-5:]
    after = task.text[task.offset :].split("\n")[:3]
    shown = None if completed is None else task.middle(completed)
    return "\n".join(
        [
            f"=== {way} {task.id}: {found}",
            *before[:-1],
            f"{before[-1]}‸{after[0]}",
            *after[1:],
            f"  wanted: {task.wanted!r}",
            f"  shown:  {shown!r}",
        ]
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
