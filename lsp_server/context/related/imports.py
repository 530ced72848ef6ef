"""Where the modules that a file imports are: by their path in the workspace, nothing is run."""

import re
from collections.abc import Iterator
from pathlib import Path

from lsp_server.documents import DocumentSnapshot

_MOST_IMPORTS = 100

_PYTHON = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]*)"
    r"|import[ \t]+(?P<modules>[\w., \t]+))",
    re.MULTILINE,
)
_SCRIPT = re.compile(
    r"\bfrom\s*['\"](?P<a>[^'\"\n]+)['\"]|\bimport\s*['\"](?P<b>[^'\"\n]+)['\"]"
    r"|\b(?:require|import)\(\s*['\"](?P<c>[^'\"\n]+)['\"]"
)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+\"(?P<path>[^\"\n]+)\"", re.MULTILINE)

_SCRIPT_ENDINGS = ("", ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs")
_SCRIPTS = ("javascript", "typescript", "tsx")


def imported_files(
    snapshot: DocumentSnapshot, language: str, path: Path, roots: tuple[Path, ...]
) -> list[Path]:
    """The files of the workspace that the document at `path` imports, in order, as far as their
    place says so. `language` is the name of its row in languages.py."""
    if language == "python":
        found = _python_files(snapshot.text, path, roots)
    elif language in _SCRIPTS:
        found = _script_files(snapshot.text, path)
    elif language in ("c", "cpp"):
        found = (path.parent / m["path"] for m in _INCLUDE.finditer(snapshot.text))
    else:
        return []
    existing = (file.resolve() for file in found if file.is_file())
    return [file for file in dict.fromkeys(existing) if file != path][:_MOST_IMPORTS]


def _python_files(text: str, path: Path, roots: tuple[Path, ...]) -> Iterator[Path]:
    for match in _PYTHON.finditer(text):
        if match["modules"]:
            for module in match["modules"].split(","):
                yield from _python_module(module.split(" as ")[0].strip(), path, roots)
            continue
        module = match["module"]
        yield from _python_module(module, path, roots)
        for name in re.findall(r"\w+(?=\s*(?:,|\)|\n|$|as\b))", match["names"]):
            dot = "" if not module or module.endswith(".") else "."
            yield from _python_module(f"{module}{dot}{name}", path, roots)


def _python_module(module: str, path: Path, roots: tuple[Path, ...]) -> Iterator[Path]:
    levels = len(module) - len(module.lstrip("."))
    parts = [part for part in module.split(".") if part]
    if not parts:
        return
    if levels:
        bases = [path.parents[levels - 1]] if levels <= len(path.parents) else []
    else:
        bases = [path.parent, *(base for root in roots for base in (root, root / "src"))]
    for base in bases:
        place = base.joinpath(*parts)
        yield place.with_name(place.name + ".py")
        yield place / "__init__.py"


def _script_files(text: str, path: Path) -> Iterator[Path]:
    """Relative modules only: where a package's files are is for its bundler to say."""
    for match in _SCRIPT.finditer(text):
        module = match["a"] or match["b"] or match["c"]
        if not module.startswith("."):
            continue
        place = path.parent / module
        # TypeScript imports a.ts as "./a.js".
        bare = place.with_suffix("") if place.suffix in (".js", ".jsx", ".mjs") else place
        for ending in _SCRIPT_ENDINGS:
            yield bare.with_name(bare.name + ending)
            yield place / f"index{ending}"
        yield place
