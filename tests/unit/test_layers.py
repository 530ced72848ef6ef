"""Imports go down only: the order of the rooms, and who may know which library."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "lsp_server"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the top down. A room may import what stands below it, never above; rooms on one level don't
# know each other.
LEVELS: list[set[str]] = [
    {"__main__"},
    {"cli"},
    {"doctor"},
    {"server"},
    {"handlers"},
    {"convert", "session"},
    {"status", "statistics"},
    {"completion", "actions"},
    {"context", "engine"},
    {"prompting"},
    {"models"},
    {"config_edit"},
    {"documents", "config_sources", "config_example"},
    {"config", "line_starts", "crash"},
    {"errors", "log", "compiled", "locks"},
    {"ownership"},
    {"__init__"},
]
# A room may use the seam of the engine, which is types alone.
SEAM = "lsp_server.engine.protocol"
LIBRARIES = {
    "llama_cpp": {"engine"},
    "tree_sitter": {"context"},
    "pygls": {"server", "handlers"},
    "lsprotocol": {"server", "handlers", "convert"},
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name: str) -> int:
    return next(i for i, rooms in enumerate(LEVELS) if name in rooms)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "lsp_server" or len(parts) < 2 or name == SEAM:
            continue
        there = parts[1]
        assert there == here or level(there) > level(here), f"{here} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path):
    for name in imports(path):
        for library, rooms in LIBRARIES.items():
            if name.split(".")[0].startswith(library):
                assert room(path) in rooms, f"{path.name} imports {name}"


def test_llama_cpp_has_one_importer():
    importers = [path for path in FILES if "llama_cpp" in {n.split(".")[0] for n in imports(path)}]
    assert [path.relative_to(PACKAGE).as_posix() for path in importers] == [
        "engine/llama/binding.py"
    ]
