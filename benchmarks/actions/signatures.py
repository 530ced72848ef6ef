"""HumanEval's signatures and docstrings, for Generate to write their bodies."""

import ast
from dataclasses import dataclass

from benchmarks import humaneval, sandbox
from benchmarks.humaneval import Task


@dataclass(frozen=True)
class Signature:
    """A file that ends with a function's docstring; text[span] is the function."""

    task: Task
    text: str
    span: tuple[int, int]

    @property
    def name(self) -> str:
        return self.task.id

    def is_misplaced(self, text: str) -> bool:
        return not text.startswith(self.text[: self.span[0]])

    def passes(self, text: str) -> bool:
        return sandbox.run(self.task.program(text)).passed


def load() -> list[Signature]:
    """One of each function."""
    first = {task.entry_point + task.test: task for task in reversed(humaneval.load("single"))}
    return [found for task in reversed(first.values()) if (found := _signature(task))]


def _signature(task: Task) -> Signature | None:
    """The function's head and docstring, with what stands above it; None without a docstring."""
    for node in ast.parse(task.solution).body:
        if isinstance(node, ast.FunctionDef) and node.name == task.entry_point:
            if ast.get_docstring(node) is None:
                return None
            lines = task.solution.splitlines(keepends=True)
            start = sum(map(len, lines[: node.lineno - 1]))
            end = sum(map(len, lines[: node.body[0].end_lineno]))
            return Signature(task, task.solution[:end], (start, end - 1))
    return None
