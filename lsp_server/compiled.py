"""Keeps what attrs and cattrs compile, as Python keeps what it compiles of modules.

Both write methods for each class as text and compile that text while modules are imported. For the
554 classes of lsprotocol this is the larger part of the time in which a server starts; with the
code kept it is milliseconds. A code object is found by its whole source text, so that other
versions of the libraries find nothing and compile as ever. The file is as trusted as __pycache__:
the user's own, in the user's cache folder; one that others wrote is not read.
"""

import builtins
import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType
from typing import Any

from lsp_server.ownership import is_own

# Of other classes there are few, and the text for one that can be hashed has a number in it that is
# another one in each process.
_KEPT = "lsprotocol."


class CompiledOnce:
    """Stands for the builtin `compile`; source texts that `known` has are not compiled.

    `used` is what this process had use for: all that the next one needs.
    """

    def __init__(self, known: dict[bytes, CodeType]) -> None:
        self.used: dict[bytes, CodeType] = {}
        self.added = False
        self._known = known

    def __call__(self, source: Any, filename: Any, mode: str, *others: Any, **more: Any) -> Any:
        if mode != "exec" or others or more or _KEPT not in filename:
            return builtins.compile(source, filename, mode, *others, **more)
        key = hashlib.blake2b(f"{filename}\0{source}".encode(), digest_size=16).digest()
        code = self._known.get(key)
        if code is None:
            code = self._known[key] = builtins.compile(source, filename, mode)
            self.added = True
        self.used[key] = code
        return code


@contextmanager
def compiled_once(file: Path | None = None) -> Iterator[None]:
    """While this lasts, attrs and cattrs take code from `file`; what was missing is added to it.

    A file that can't be read or written costs time and nothing else.
    """
    import attr._make
    import cattrs.gen

    file = file or _default_file()
    compiler = CompiledOnce(_read(file))
    # A name in a module goes before the builtin of that name, for the module's own functions.
    modules = [vars(attr._make), vars(cattrs.gen)]
    for names in modules:
        names["compile"] = compiler
    try:
        yield
    finally:
        for names in modules:
            names.pop("compile", None)
    if compiler.added:
        with suppress(OSError):
            _write(file, compiler.used)


def _default_file() -> Path:
    from platformdirs import user_cache_path

    return (
        user_cache_path("codellama-lsp", appauthor=False)
        / f"compiled-{sys.implementation.cache_tag}.bin"
    )


def _read(file: Path) -> dict[bytes, CodeType]:
    from importlib.util import MAGIC_NUMBER

    try:
        with file.open("rb") as opened:
            if not is_own(os.fstat(opened.fileno())):
                return {}
            content = opened.read()
        if content.startswith(MAGIC_NUMBER):
            known = marshal.loads(content[len(MAGIC_NUMBER) :])
            return known if isinstance(known, dict) else {}
    except (OSError, EOFError, ValueError, TypeError):
        pass
    return {}


def _write(file: Path, known: dict[bytes, CodeType]) -> None:
    """All or nothing: several servers may start at once."""
    from importlib.util import MAGIC_NUMBER

    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(MAGIC_NUMBER + marshal.dumps(known))
        Path(name).replace(file)
    except OSError:  # the disk is full; on Windows, another server is reading it
        Path(name).unlink(missing_ok=True)
        raise
