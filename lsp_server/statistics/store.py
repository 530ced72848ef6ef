"""The counts on the disk: a small SQLite file that several windows write at once.

It holds numbers by day, language and trigger, and nothing of any code or file.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_state_path

_log = logging.getLogger(__name__)
# How long to wait for another window that writes.
_PATIENCE_S = 5.0
_SCHEMA = """
create table if not exists counts (
  day text, language text, trigger text, outcome text, count integer not null,
  primary key (day, language, trigger, outcome)
)
"""
_ADD = """
insert into counts values (?, ?, ?, ?, ?)
on conflict do update set count = count + excluded.count
"""


class Key(NamedTuple):
    """`outcome` is `shown`, or one of offer.Outcome."""

    language: str
    trigger: str
    outcome: str


@dataclass(frozen=True)
class Row:
    """A count, summed over the days."""

    language: str
    trigger: str
    outcome: str
    count: int


def statistics_path() -> Path:
    """Where the counts of this user are kept."""
    return user_state_path("codellama-lsp", appauthor=False) / "statistics.sqlite"


def add(counts: Mapping[Key, int], path: Path | None = None) -> None:
    """Add to today's counts. Never raises: a count that can't be kept is lost."""
    today = datetime.now(UTC).date().isoformat()
    try:
        with _opened(path or statistics_path()) as database:
            database.executemany(_ADD, ((today, *key, count) for key, count in counts.items()))
    except (sqlite3.Error, OSError) as error:
        _log.warning("Statistics could not be kept: %s", type(error).__name__)


def read(path: Path | None = None) -> tuple[str, list[Row]]:
    """The first day, "" where there is none, and the counts. Raises sqlite3.Error, OSError."""
    path = path or statistics_path()
    if not path.exists():
        return "", []
    with _opened(path) as database:
        (since,) = database.execute("select min(day) from counts").fetchone()
        found: Iterable[tuple[str, str, str, int]] = database.execute(
            "select language, trigger, outcome, sum(count) from counts group by 1, 2, 3"
        )
        return since or "", [Row(*row) for row in found]


def reset(path: Path | None = None) -> None:
    """Forget everything. Raises sqlite3.Error, OSError."""
    path = path or statistics_path()
    if path.exists():
        with _opened(path) as database:
            database.execute("delete from counts")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database within one transaction."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as database, database:
        database.execute(_SCHEMA)
        yield database
