"""What an action comes to: an edit, or a page to read."""

from dataclasses import dataclass

from lsp_server.actions.subject import fence_for
from lsp_server.documents import Edit


@dataclass(frozen=True)
class PageResult:
    """Something to read. `notes` are in its text: that it was cut, or what was left out."""

    title: str
    markdown: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """Code that was written for a place, whether it gets there or not."""

    title: str
    language: str
    code: str

    def page(self, reason: str) -> PageResult:
        """The code to read, and why it was not put in its place."""
        fence = fence_for(self.code)
        block = f"{fence}{self.language}\n{self.code}\n{fence}"
        return PageResult(self.title, markdown(self.title, f"> **Not applied.** {reason}", block))


@dataclass(frozen=True)
class EditResult:
    """Edits of lines `first` to `last` of the snapshot that was asked about; none overlap."""

    edits: tuple[Edit, ...]
    first: int
    last: int
    draft: Draft
    warning: str = ""


def markdown(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"
