"""Shows codellama-lsp at work: the real server, a real client, real source files beside this one.

    python examples/demo.py

Inline completions at the cursors of scenes.py, then Explain, Generate and Fix on its selections,
each with its time. Ends with status 1 and a list if anything failed.
"""

import asyncio
import contextlib
import difflib
import os
import statistics
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter_c
import tree_sitter_python
import tree_sitter_typescript
from buffer import Buffer, EditorError, NoCompletion
from editor import Editor
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from scenes import CURSORS, SELECTIONS, TYPING, Cursor, Selection
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# RuntimeError is what pygls raises for every request to a server that has died.
FAILURES = (EditorError, JsonRpcException, OSError, RuntimeError, TimeoutError)
HERE = Path(__file__).resolve().parent
GRAMMARS = {
    ".py": Language(tree_sitter_python.language()),
    ".ts": Language(tree_sitter_typescript.language_typescript()),
    ".c": Language(tree_sitter_c.language()),
}


# The terminal


def coloured(text: str, code: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return "\n".join(f"\033[{code}m{line}\033[0m" if line else "" for line in text.split("\n"))


def dim(text: str) -> str:
    return coloured(text, "2")


def green(text: str) -> str:
    return coloured(text, "32")


def red(text: str) -> str:
    return coloured(text, "31")


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def wrapped(text: str) -> str:
    return "\n".join(textwrap.fill(line, 96) for line in text.split("\n"))


def heading(title: str, where: str, seconds: float) -> None:
    print(f"\n{coloured(title, '1')}  {where}  {1000 * seconds:,.0f} ms")


def around(before: str, new: str, after: str) -> str:
    """The new text in its place, with two lines of the old on either side."""
    head = "\n".join(before.split("\n")[-3:])
    tail = "\n".join(after.split("\n")[:3])
    return dim(head) + green(new) + dim(tail)


def changes(old: str, new: str) -> str:
    """What was removed and added, in the manner of diff."""
    rows = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))[2:]
    paint = {"+": green, "-": red}
    return "\n".join(paint.get(row[0], dim)(row) for row in rows)


# The checks


def parses(buffer: Buffer) -> bool:
    tree = Parser(GRAMMARS[buffer.path.suffix]).parse(buffer.text.encode())
    return not tree.root_node.has_error


def place(text: str, sought: str) -> int:
    """Where `sought` begins. It must be there exactly once, or scenes.py is wrong."""
    if text.count(sought) != 1:
        raise EditorError(f"{sought!r} is in the file {text.count(sought)} times")
    return text.index(sought)


# The scenes


async def show_completion(editor: Editor, buffer: Buffer, cursor: Cursor) -> None:
    end = place(buffer.text, cursor.after) + len(cursor.after)
    left, _, right = cursor.typed.partition("‸")
    editor.type(buffer, end, left + right)
    offset = end + len(left)

    began = time.perf_counter()
    edit = await editor.completion(buffer, offset)
    seconds = time.perf_counter() - began

    line = buffer.position(offset).line + 1
    heading(cursor.title, f"{cursor.file}:{line}", seconds)
    start, stop = buffer.offset(edit.range.start), buffer.offset(edit.range.end)
    print(indented(around(buffer.text[:start], edit.new_text, buffer.text[stop:])))
    editor.replace(buffer, buffer.with_edits([edit]))
    if not parses(buffer):
        raise EditorError("with the completion the file does not parse")


async def show_typing(editor: Editor, buffer: Buffer, cursor: Cursor) -> None:
    """One request a key. A key may well have no completion; that none has one is a failure."""
    offset = place(buffer.text, cursor.after) + len(cursor.after)
    times, completed = [], 0
    for key in cursor.typed:
        editor.type(buffer, offset, key)
        offset += 1
        began = time.perf_counter()
        with contextlib.suppress(NoCompletion):
            await editor.completion(buffer, offset)
            completed += 1
        times.append(time.perf_counter() - began)
    first, *rest = times
    heading(cursor.title, cursor.file, statistics.median(rest))
    keys = f"{completed} of {len(times)} keys had a completion"
    print(indented(f"first key {1000 * first:,.0f} ms, median of the others as above; {keys}"))
    if not completed:
        raise EditorError("no key had a completion")


async def show_action(editor: Editor, buffer: Buffer, selection: Selection) -> None:
    start = place(buffer.text, selection.first)
    end = buffer.text.index(selection.last, start) + len(selection.last)
    diagnostics = diagnostics_of(buffer, selection, start)
    menu = await editor.menu(buffer, buffer.range(start, end), diagnostics)
    action = chosen(menu, selection)

    began = time.perf_counter()
    before = buffer.text
    await editor.perform(action)
    explains = selection.action == "Explain"
    shown = wrapped(await editor.page()) if explains else changes(before, buffer.text)
    seconds = time.perf_counter() - began

    if not shown.strip():
        said = editor.log[-1] if editor.log else "no message"
        raise EditorError(f"nothing came of it, and the server said: {said}")

    line = buffer.position(start).line + 1
    heading(selection.title, f"{selection.file}:{line}", seconds)
    if selection.diagnostic:
        print(indented(dim(selection.diagnostic)))
    print(indented(shown.strip()))
    if not parses(buffer):
        raise EditorError("after the edit the file does not parse")


def diagnostics_of(buffer: Buffer, selection: Selection, start: int) -> list[lsp.Diagnostic]:
    if not selection.diagnostic:
        return []
    marked = buffer.text.index(selection.marked, start)
    return [
        lsp.Diagnostic(
            buffer.range(marked, marked + len(selection.marked)),
            selection.diagnostic,
            severity=lsp.DiagnosticSeverity.Error,
            source="type checker",
        )
    ]


def chosen(menu: list[lsp.CodeAction], selection: Selection) -> lsp.CodeAction:
    """The entry of the menu that the scene is about; a fix of the diagnostic where there is one."""
    for action in menu:
        of_diagnostic = bool(action.diagnostics)
        if selection.action in action.title and of_diagnostic == bool(selection.diagnostic):
            return action
    titles = ", ".join(action.title for action in menu)
    raise EditorError(f"the menu has no such action; it has: {titles or 'nothing'}")


async def play(editor: Editor) -> list[str]:
    """Show every scene, each on the file as it lies on the disk. The failures, one a line."""
    scenes: list[tuple[Cursor | Selection, Callable[..., Awaitable[None]]]] = [
        *((cursor, show_completion) for cursor in CURSORS),
        (TYPING, show_typing),
        *((selection, show_action) for selection in SELECTIONS),
    ]
    failures = []
    for scene, show in scenes:
        buffer = editor.open(HERE / scene.file)
        try:
            await show(editor, buffer, scene)
        except FAILURES as error:
            problem = str(error) or type(error).__name__
            failures.append(f"{scene.title} ({scene.file}): {problem}")
            print(red(f"\nfailed: {failures[-1]}"))
        editor.close(buffer)
    return failures


async def demo(editor: Editor) -> list[str]:
    began = time.perf_counter()
    await editor.start(HERE)
    print(f"The server answered after {1000 * (time.perf_counter() - began):,.0f} ms.")
    await editor.model_loaded()
    print(f"The model was loaded after {time.perf_counter() - began:.1f} s.")
    failures = await play(editor)
    await editor.quit()
    return failures


async def main() -> int:
    editor = Editor()
    try:
        failures = await demo(editor)
    except FAILURES as error:
        failures = [str(error) or type(error).__name__]
    if failures:
        print(red(f"\n{len(failures)} failed:"), *failures, sep="\n  ")
        print("\nThe server's last words:", *editor.log, sep="\n  ")
        return 1
    print("\nEverything worked.")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
