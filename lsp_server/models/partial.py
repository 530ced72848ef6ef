"""FILE.partial: what has arrived of a model, hashed while it is written.

It gets its final name only after its digest was compared. An interrupted one stays, with a note
(FILE.partial.json) of what a resumed pull must know.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lsp_server.errors import DownloadError

_BLOCK = 1 << 20
_MARGIN = 64 << 20  # disk space left to everybody else


class SourceFailed(Exception):
    """One source could not give the file; the next one is tried. The message is one line."""


class WrongDigest(SourceFailed):
    """The bytes are not the file; they were deleted."""


@dataclass
class ResumeNote:
    """`sha256` is of the file that the bytes belong to; the first `parts` wheels, which end at
    byte `parts_end`, are complete."""

    sha256: str | None = None
    parts: int = 0
    parts_end: int = 0


class PartialFile:
    """Append to FILE.partial; `finish` gives it its name. Leaving the context keeps it."""

    def __init__(self, final: Path) -> None:
        self._final = final
        self.path = final.with_name(final.name + ".partial")
        self._note_path = final.with_name(final.name + ".partial.json")
        self.path.touch()
        self._file = self.path.open("r+b")
        self.note = self._read_note()
        self.size = 0
        self._hash_existing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if self.path.exists() and self.path.stat().st_size == 0:
            self._delete()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    def cut(self, size: int) -> None:
        """Keep only the first `size` bytes."""
        if size != self.size:
            self._file.truncate(size)
            self._hash_existing()

    def start_over(self) -> None:
        """Forget every byte, and what was remembered of them."""
        self.cut(0)
        self.note = ResumeNote()

    def remember(self, note: ResumeNote) -> None:
        """Write down what a resumed pull must know; what was written before it is on disk first."""
        self._file.flush()
        self.note = note
        self._note_path.write_text(json.dumps(asdict(note)), encoding="utf-8")

    def check_space(self, total: int, extra: int = 0) -> None:
        """Raises DownloadError if the rest of `total` bytes, and `extra` on the way, don't fit."""
        need = total - self.size + extra + _MARGIN
        free = shutil.disk_usage(self.path.parent).free
        if free < need:
            raise DownloadError(
                f"{self._final.name} needs {need / 1e9:.2f} GB of disk space, "
                f"but {self.path.parent} has {free / 1e9:.2f} GB left.",
                "Make room, or name another folder with CODELLAMA_LSP_MODELS.",
            )

    def finish(self, sha256: str) -> None:
        """Give the file its name if `sha256` is its digest, else delete it: WrongDigest."""
        found = self._hash.hexdigest()
        if found != sha256:
            self._file.close()
            self._delete()
            raise WrongDigest(
                f"what came is not the file: its sha256 is {found}, not {sha256}; it was deleted"
            )
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.path.replace(self._final)
        self._note_path.unlink(missing_ok=True)

    def _delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note_path.unlink(missing_ok=True)

    def _hash_existing(self) -> None:
        """Hash what is there and stand behind it."""
        self._hash = hashlib.sha256()
        self.size = 0
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            self._hash.update(block)
            self.size += len(block)

    def _read_note(self) -> ResumeNote:
        try:
            return ResumeNote(**json.loads(self._note_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return ResumeNote()  # none, or damaged: nothing is known of the bytes that are here
