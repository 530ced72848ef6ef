"""A document that is typed in, and what each key makes of it."""

import re
from dataclasses import dataclass

from benchmarks.typing.recording import Accept, Erase, Key, Newline, Place, Type


@dataclass(frozen=True)
class Shown:
    """A suggestion on the screen: `text` stands for text[start:end]."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Document:
    """A text and the cursor in it, in code points."""

    file: str
    text: str
    offset: int

    def at(self, place: Place) -> "Document":
        """With the cursor at a place. Raises ValueError where the file has no such line."""
        start = self.text.find("\n" + self._line(place.at)) + 1
        end = self.text.index("\n", start)
        if place.how == "after":
            return Document(self.file, self.text, end)
        return Document(
            self.file, self.text[: end - len(place.at)] + self.text[end:], end - len(place.at)
        )

    def after(self, key: Key, shown: Shown | None) -> "Document":
        """What a key makes of it while a suggestion is on the screen."""
        match key:
            case Type(text):
                return self._put(self.offset, self.offset, text)
            case Newline():
                return self._put(self.offset, self.offset, "\n" + self._indent())
            case Erase():
                return self._put(self.offset - 1, self.offset, "")
            case Accept(word, otherwise):
                return self._accepted(shown, word, otherwise)

    def _accepted(self, shown: Shown | None, word: bool, otherwise: str) -> "Document":
        if shown is None:
            return self._put(self.offset, self.offset, otherwise)
        if not word:
            return self._put(shown.start, shown.end, shown.text)
        first = re.match(r"\s*\S*", shown.text[self.offset - shown.start :])
        return self._put(self.offset, self.offset, first[0] if first else "")

    def _put(self, start: int, end: int, text: str) -> "Document":
        new = self.text[:start] + text + self.text[end:]
        return Document(self.file, new, start + len(text))

    def _line(self, wanted: str) -> str:
        """The whole line, with its indentation, whose code is the wanted."""
        for line in self.text.split("\n"):
            if line.strip() == wanted:
                return line
        raise ValueError(f"{self.file} has no line {wanted!r}")

    def _indent(self) -> str:
        """What an editor indents the next line by."""
        line = self.text[: self.offset].rpartition("\n")[2]
        indent = line[: len(line) - len(line.lstrip())]
        return indent + ("    " if line.rstrip().endswith(":") else "")
