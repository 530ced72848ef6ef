"""Are brackets and blocks right in suggestions for any language?

`python -m benchmarks.endings FOLDER` takes lines and blocks out of the sources that lie in a
folder, such as checkouts of other projects, has them completed, and counts what is wrong without a
look at what was meant: more syntax errors than with the gap, and brackets that are not those of
what was taken out. `--show` prints these.
"""

import asyncio
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import table
from benchmarks.masked_tasks import Masked
from benchmarks.ways import loaded
from lsp_server.completion.pipeline import Pipeline
from lsp_server.config import Config
from lsp_server.config_sources import Source, merge
from lsp_server.context.languages import LANGUAGES, Language
from lsp_server.context.syntax import parse_text
from lsp_server.documents import DocumentSnapshot, apply_edits

_SIZES = range(3_000, 200_000)
_MOST_TRIES = 60
_MOST_LINES = 6
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
# Where brackets may be text.
_TEXT = re.compile(r"['\"#`]|//|/\*")
_COMMENT = re.compile(r"[/*#%;]|--")
_OPENS = re.compile(r"(?:\{|:|\bdo|\bthen|=>|\))$")
_CLOSES = re.compile(r"\s*(?:\}|\)|end|fi|done|esac)[;,)]*\s*$")

# From the lines and a line's number: a gap's first line and column, the line after it, closers.
Cut = Callable[[list[str], int, random.Random], "tuple[int, int, int, str] | None"]


def _line(lines: list[str], i: int, _chance: random.Random) -> tuple[int, int, int, str] | None:
    """The whole line, its indentation left."""
    return i, _indent(lines[i]), i + 1, ""


def _rest(lines: list[str], i: int, chance: random.Random) -> tuple[int, int, int, str] | None:
    """The rest of the line from somewhere in its middle."""
    first, last = _indent(lines[i]) + 3, len(lines[i]) - 5
    return (i, chance.randint(first, last), i + 1, "") if first < last else None


def _closed(lines: list[str], i: int, chance: random.Random) -> tuple[int, int, int, str] | None:
    """The rest of the line from inside brackets, the closers left as an editor puts them."""
    line = lines[i]
    if _TEXT.search(line):
        return None
    ends = [found.end() for found in re.finditer(r"[(\[{]|, ", line)]
    places = [at for at in ends if _open_at(line[:at]) and at + 6 <= len(line)]
    if not places:
        return None
    column = chance.choice(places)
    return i, column, i + 1, _open_at(line[:column])


def _block(lines: list[str], i: int, _chance: random.Random) -> tuple[int, int, int, str] | None:
    """The lines that the line opens, the first one's indentation left."""
    if not _OPENS.search(lines[i].rstrip()):
        return None
    end = i + 1
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > _indent(lines[i])):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    is_block = 1 <= end - i - 1 <= _MOST_LINES and bool(lines[i + 1].strip())
    return (i + 1, _indent(lines[i + 1]), end, "") if is_block else None


def _none(lines: list[str], i: int, chance: random.Random) -> tuple[int, int, int, str] | None:
    """Nothing: the cursor stands within a line that opens something below."""
    code = lines[i].rstrip()
    if not re.search(r"[{(\[:]$|\b(?:do|then)$", code):
        return None
    return i, chance.randint(_indent(code) + 1, len(code) - 1), i, ""


def _opened(lines: list[str], i: int, chance: random.Random) -> tuple[int, int, int, str] | None:
    """The same with the line that closes them, as where an editor closes nothing."""
    found = _block(lines, i, chance)
    if not found or found[2] >= len(lines) or not _CLOSES.match(lines[found[2]]):
        return None
    return *found[:2], found[2] + 1, ""


KINDS: dict[str, Cut] = {
    "line": _line,
    "rest": _rest,
    "closed": _closed,
    "block": _block,
    "opened": _opened,
}
# Not asked about, as there is nothing to write.
HEAD = "head"
_CUTS = {**KINDS, HEAD: _none}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--languages", help="Their names, by commas. [default: all that the folder has]")
@click.option("--limit", type=click.IntRange(1), default=25, show_default=True, help="A language.")
@click.option("--tokens", default=400, show_default=True, help="Tokens of code shown.")
@click.option("--model", default=Config().models.infill, show_default=True)
@click.option("--show", is_flag=True, help="Print what is wrong.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False))
def main(
    folder: Path,
    languages: str | None,
    limit: int,
    tokens: int,
    model: str,
    show: bool,
    json_path: Path | None,
) -> None:
    """Gaps in a folder's sources, by language."""
    settings = {
        "models": {"infill": model, "instruct": model},
        "completion": {"context_tokens": tokens, "quick_first": False},
    }
    config = merge(Source("benchmark", settings))
    chosen = [one for one in LANGUAGES if not languages or one.name in languages.split(",")]
    rows = asyncio.run(_measured(folder, chosen, limit, config, show))
    if not rows:
        raise click.ClickException(f"{folder} has no sources in these languages.")
    print(table.as_text(rows))
    content = {
        "machine": table.machine(model),
        "sources": sorted(path.name for path in folder.iterdir()),
        "options": {"languages": languages, "limit": limit, "tokens": tokens},
        "rows": rows,
    }
    table.write_json(json_path or table.RESULTS / "endings.json", content)


async def _measured(
    folder: Path, languages: Sequence[Language], limit: int, config: Config, show: bool
) -> list[dict[str, Any]]:
    rows = []
    async with loaded(config) as engine:
        pipeline = Pipeline(engine, await engine.ready())
        for language in languages:
            counts = Counter({"n": 0, "shown": 0, "exact": 0, "more errors": 0, "brackets": 0})
            for gap in gaps(folder, language, limit):
                counts["n"] += 1
                snapshot = DocumentSnapshot(gap.path.as_uri(), 1, language.ids[0], gap.text)
                edit = await pipeline.suggest(snapshot, gap.offset, config)
                found = wrong(gap, language, apply_edits(gap.text, [edit]) if edit else None)
                counts.update(found)
                if show and {"more errors", "brackets"} & set(found) and edit:
                    print(_described(gap, edit.text, found))
            if counts["n"]:
                rows.append({"language": language.name, **counts})
                print(rows[-1], file=sys.stderr, flush=True)
    return rows


def gaps(
    folder: Path,
    language: Language,
    limit: int,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    sizes: range = _SIZES,
    seed: int = 1,
) -> list[Masked]:
    """So many gaps in a language's files, the kinds in turn; the same for the same files. `sizes`
    are those of files, in bytes."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in language.extensions and path.is_file() and path.stat().st_size in sizes
    )
    chance = random.Random(seed)
    chance.shuffle(files)
    found: list[Masked] = []
    for path in files * 3:
        if len(found) == limit:
            break
        text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
        found.extend(_gap(kinds[len(found) % len(kinds)], path, text, chance))
    return found


def _gap(kind: str, path: Path, text: str, chance: random.Random) -> Iterator[Masked]:
    """A gap of the kind, where one is found."""
    lines = text.split("\n")
    for _ in range(_MOST_TRIES):
        i = chance.randrange(len(lines) - 1)
        found = _CUTS[kind](lines, i, chance) if _is_plain(lines[i]) else None
        if found:
            first, column, end, closers = found
            start = sum(len(line) + 1 for line in lines[:first]) + column
            stop = max(start, sum(len(line) + 1 for line in lines[:end]) - 1)
            gapped = text[:start] + closers + text[stop:]
            yield Masked(kind, path, text, gapped, start, start + len(closers))
            return


def _is_plain(line: str) -> bool:
    code = line.strip()
    return (
        12 <= len(code) <= 100
        and line.isascii()
        and bool(_indent(line))
        and not _COMMENT.match(code)
    )


def wrong(gap: Masked, language: Language, completed: str | None) -> list[str]:
    """What is to be counted of a completed document; None is no suggestion."""
    if completed is None:
        return []
    middle = gap.middle(completed)
    checks = {
        "shown": True,
        "exact": middle.strip() == gap.wanted.strip(),
        "more errors": _errors(language, completed) > _errors(language, gap.text),
        "brackets": _balance(middle) != _balance(gap.wanted),
    }
    return [name for name, holds in checks.items() if holds]


def _errors(language: Language, text: str) -> int:
    return parse_text(language, text).error_count()


def _balance(text: str) -> list[int]:
    """Of each kind of bracket, how many more are opened than closed."""
    return [text.count(opener) - text.count(closer) for opener, closer in _CLOSERS.items()]


def _open_at(code: str) -> str:
    waiting: list[str] = []
    for letter in code:
        if letter in _CLOSERS:
            waiting.insert(0, _CLOSERS[letter])
        elif waiting and letter == waiting[0]:
            waiting.pop(0)
    return "".join(waiting)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _described(gap: Masked, shown: str, found: Sequence[str]) -> str:
    before, after = gap.text[: gap.offset][-160:], gap.text[gap.offset :][:80]
    place = f"=== {gap.kind} in {gap.path.name}: {', '.join(found)}\n{before}‸{after}"
    return f"{place}\n  shown:  {shown!r}\n  wanted: {gap.wanted!r}"


if __name__ == "__main__":
    main()
