"""The documents that the tasks become, and what came of each: shared by all ways of asking."""

from dataclasses import dataclass

from benchmarks.humaneval import Task


@dataclass(frozen=True)
class Document:
    """What the editor has open, with the cursor at `offset`.

    A missing line is an empty line in an editor, so that the document has a line end that the task
    has not; `joined` leaves it out, and the cursor stands at the start of the next line.
    """

    text: str
    offset: int

    @property
    def prefix(self) -> str:
        return self.text[: self.offset]

    @property
    def suffix(self) -> str:
        return self.text[self.offset :]


def document(task: Task, joined: bool = False) -> Document:
    line_end = "\n" if task.kind == "single" and not joined else ""
    return Document(task.prompt + line_end + task.suffix, len(task.prompt))


@dataclass(frozen=True)
class Answer:
    """What a way of asking gave: the document completed, the text that was put in (None where
    nothing was suggested), and what it took."""

    completed: str
    inserted: str | None
    ms: float
    tokens: int


@dataclass(frozen=True)
class Result:
    """An answer, tested. `why` says what went wrong where it did not pass."""

    task: Task
    document: Document
    answer: Answer
    passed: bool
    why: str

    @property
    def exact(self) -> bool:
        return self.answer.completed == self.task.solution
