"""How a pull tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Shown to a person by the command line, by an editor, or by nobody."""

    def at(self, done: int, total: int | None) -> None:
        """`done` of `total` bytes are here; done falls back where a download starts over."""
        ...

    def say(self, line: str) -> None:
        """One line about what is being done or what went wrong."""
        ...


class Silent:
    """Progress that nobody sees."""

    def at(self, done: int, total: int | None) -> None: ...

    def say(self, line: str) -> None: ...
