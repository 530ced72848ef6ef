"""What an action asks about, in words and code that a model and a reader understand."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from lsp_server.actions.offers import Diagnostic
from lsp_server.context.languages import Language, language_of
from lsp_server.documents import DocumentSnapshot

_LONGEST_MESSAGE = 300
_MOST_DIAGNOSTICS = 10
_MOST_RELATED = 3
_LINE_END = re.compile(r"\r\n?")


@dataclass(frozen=True)
class Subject:
    """What is asked about: text[start:end] of a document, and what is known to be wrong in it."""

    snapshot: DocumentSnapshot
    start: int
    end: int
    diagnostics: tuple[Diagnostic, ...] = ()
    instruction: str = ""

    @property
    def text(self) -> str:
        """The text with `\\n` line ends, and without any around it."""
        return _LINE_END.sub("\n", self.snapshot.text[self.start : self.end]).strip("\n")

    @property
    def syntax(self) -> Language | None:
        return language_of(self.snapshot.language, self.snapshot.uri)

    @property
    def language(self) -> str:
        """The language's name, for the model and for a fence."""
        return self.syntax.name if self.syntax else self.snapshot.language

    @property
    def file_name(self) -> str:
        return unquote(urlsplit(self.snapshot.uri).path).rsplit("/", 1)[-1] or self.snapshot.uri

    @property
    def where(self) -> str:
        """For a title: the file's name and the lines as an editor counts them."""
        first = self.snapshot.line_of(self.start) + 1
        last = self.snapshot.line_of(max(self.start, self.end - 1)) + 1
        lines = f"line {first}" if first == last else f"lines {first}-{last}"
        return f"{self.file_name}, {lines}"

    @property
    def known_wrong(self) -> str:
        """The diagnostics for the model: each message, its origin, the line it is about, and
        what it says of other places."""
        return "\n".join(map(self._diagnostic, self.diagnostics[:_MOST_DIAGNOSTICS]))

    def _diagnostic(self, diagnostic: Diagnostic) -> str:
        snapshot = self.snapshot
        message = " ".join(diagnostic.message.split())[:_LONGEST_MESSAGE]
        origin = " ".join(part for part in (diagnostic.source, diagnostic.code) if part)
        line = snapshot.line(snapshot.line_of(min(diagnostic.start, len(snapshot.text)))).strip()
        about = f" in the line `{line[:_LONGEST_MESSAGE]}`" if line else ""
        by = f" ({origin})" if origin else ""
        told = f"{diagnostic.severity.capitalize()}{about}: {message}{by}"
        related = (" ".join(text.split())[:_LONGEST_MESSAGE] for text in diagnostic.related)
        return "\n".join((told, *list(related)[:_MOST_RELATED]))


def fence_for(text: str) -> str:
    """A fence that nothing in the text closes."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    return "`" * (longest + 1)
