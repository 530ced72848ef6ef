"""Fetching models: what a name stands for, the licence first, several at once, a bar for each."""

import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs
import click

from lsp_server.errors import DownloadError, ModelError
from lsp_server.models import catalogue as catalogue_module
from lsp_server.models import reference, store
from lsp_server.models.catalogue import Entry, HubSource

if TYPE_CHECKING:
    from tqdm import tqdm

AT_ONCE = 4
_STEP = 5
# As the hub's tags spell them, in lower case.
_FREE = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "isc", "unlicense")


@dataclass(frozen=True)
class InPlace:
    """A file that is used where it lies."""

    name: str
    path: Path


def what_is_meant(name: str) -> Entry | InPlace:
    """A catalogue name, `hf:...`, `ollama:...` or a path. Raises UnknownModel, ModelMissing, and
    ModelLoadError for a file that is no GGUF."""
    from lsp_server.models.gguf import read_gguf

    if not name.startswith("ollama:"):
        entry = store.entry_named(name)
        if entry is not None:
            return entry
    path = store.locate(name)
    read_gguf(path)
    return InPlace(name, path)


def pull_all(entries: Sequence[Entry], licence_accepted: bool) -> None:
    """Fetch what isn't here; the others go on where one fails. Raises the last of the errors."""
    missing = [_told_by_hub(entry) for entry in entries if not store.is_here(entry)]
    for entry in entries:
        if store.is_here(entry):
            click.echo(f"{entry.name} is here: {store.path_of(entry)}")
    if not missing:
        return
    _consent(missing, licence_accepted)
    store.check_space(missing)
    failures = list(_fetch(missing))
    for failure in failures[:-1]:
        click.echo(str(failure), err=True)
    if failures:
        raise failures[-1]


def _fetch(entries: Sequence[Entry]) -> Iterator[ModelError]:
    stop = threading.Event()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[Future[Path], Entry] = {}
        for row, entry in enumerate(entries):
            futures[pool.submit(_pull_one, entry, row, len(entries), stop)] = entry
        try:
            wait(futures)
        except KeyboardInterrupt:
            stop.set()
            wait(futures)
            click.echo("Stopped. The same command goes on from here.", err=True)
            raise
    for future, entry in futures.items():
        try:
            click.echo(f"{entry.name} is here: {future.result()}")
        except ModelError as error:
            yield error
        except KeyboardInterrupt:
            click.echo("Stopped. The same command goes on from here.", err=True)
            raise


def _pull_one(entry: Entry, row: int, rows: int, stop: threading.Event) -> Path:
    with BarProgress(entry.name, row, rows > 1, stop) as progress:
        return store.pull(entry, progress)


def _told_by_hub(entry: Entry) -> Entry:
    """An entry that only names a hub's file, with the licence and size that the hub states."""
    source = entry.sources[0]
    if entry.licence != reference.UNKNOWN_LICENCE or not isinstance(source, HubSource):
        return entry
    from lsp_server.models import hub_api

    with suppress(DownloadError):  # the pull itself says what is wrong
        found = hub_api.repository(source.repository)
        path = f"{source.folder}/{entry.file}" if source.folder else entry.file
        size = next((file.size for file in found.files if file.path == path), None)
        return attrs.evolve(
            entry,
            licence=found.licence or entry.licence,
            gigabytes=(size or 0) / 1e9 or None,
        )
    return entry


def _consent(entries: Sequence[Entry], accepted: bool) -> None:
    """Show each licence once, and have those that aren't free accepted before the first file.

    On a terminal it asks; elsewhere --accept-licence must say it: a script accepts nothing by
    keeping silent. Raises DownloadError.
    """
    for entry in {entry.licence: entry for entry in reversed(entries)}.values():
        click.echo(f"{entry.name} is under {_licence(entry)}", err=True)
        if entry.licence.lower() in _FREE or accepted or _had_before(entry):
            continue
        free = [one.name for one in catalogue_module.catalogue().models if _is_free(one)]
        click.echo(f"Free instead, under Apache-2.0: {', '.join(free)}", err=True)
        if not _asks():
            raise DownloadError(
                f"{entry.name} was not fetched: its licence has to be accepted first.",
                "Read it, then add --accept-licence.",
            )
        if not click.confirm("Do you accept that licence?", err=True):
            raise DownloadError(f"{entry.name} was not fetched: its licence was not accepted.")


def _licence(entry: Entry) -> str:
    page = catalogue_module.catalogue().licences.get(entry.licence)
    if page:
        return f"the {entry.licence}: {page}"
    from lsp_server.models.hub import endpoint_host

    source = entry.sources[0]
    repository = source.repository if isinstance(source, HubSource) else ""
    return f"{entry.licence}: {endpoint_host()}/{repository}"


def _is_free(entry: Entry) -> bool:
    return entry.licence.lower() in _FREE


def _had_before(entry: Entry) -> bool:
    """Whether a file under that licence was fetched before, so that it was accepted then."""
    known = catalogue_module.catalogue().models
    return any(store.is_here(one) for one in known if one.licence == entry.licence)


def _asks() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


class BarProgress:
    """A bar on a terminal; where standard error is a file or a pipe, a line now and then.

    A set `stop` ends the pull that reports to it, at its next report.
    """

    def __init__(
        self, title: str, row: int = 0, several: bool = False, stop: threading.Event | None = None
    ) -> None:
        self._title = title
        self._row = row
        self._several = several
        self._stop = stop or threading.Event()
        self._bar: tqdm[Any] | None = None
        self._told = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def at(self, done: int, total: int | None) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        if not sys.stderr.isatty():
            self._tell_steps(done, total)
            return
        if self._bar is None:
            if total is None:
                return
            self._bar = self._new_bar(done, total)
        self._bar.update(done - self._bar.n)

    def _tell_steps(self, done: int, total: int | None) -> None:
        """`NAME: 35 %`, in steps: for logs, and for programs that show it in their own way."""
        step = 100 * done // total // _STEP * _STEP if total else 0
        if step > self._told:
            self._told = step
            click.echo(f"{self._title}: {step} %", err=True)

    def say(self, line: str) -> None:
        text = f"{self._title}: {line}" if self._several else line
        if self._bar is None:
            click.echo(text, err=True)
        else:
            self._bar.write(text, file=sys.stderr)  # above the bars

    def _new_bar(self, done: int, total: int) -> "tqdm[Any]":
        from tqdm import tqdm

        return tqdm(
            desc=self._title,
            total=total,
            initial=done,
            position=self._row,
            unit="B",
            unit_scale=True,
            leave=False,
        )
