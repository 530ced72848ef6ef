"""What the menu offers on a selection, at once: no model and no syntax tree is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_server.actions.front_matter import Applies
from lsp_server.actions.templates import ActionTemplate
from lsp_server.context.languages import language_of
from lsp_server.documents import DocumentSnapshot

_LONGEST_TITLE = 60


@dataclass(frozen=True)
class Diagnostic:
    """What an editor knows to be wrong with text[start:end]."""

    start: int
    end: int
    message: str
    source: str = ""
    code: str = ""
    severity: str = "error"
    related: tuple[str, ...] = ()
    """What it says about other places, each a sentence."""


@dataclass(frozen=True)
class Offer:
    """An action on text[start:end]: the selection, or the diagnostic's range. Which lines an edit
    may change around it is decided when it runs (`places.py`)."""

    action: str
    title: str
    kind: str
    start: int
    end: int
    diagnostics: tuple[Diagnostic, ...] = ()


def offers(
    templates: Mapping[str, ActionTemplate],
    snapshot: DocumentSnapshot,
    start: int,
    end: int,
    diagnostics: Sequence[Diagnostic],
) -> list[Offer]:
    """The actions for text[start:end], which is empty where only a cursor stands: those for each
    diagnostic that it touches, for all of them, then those for the selection, or for the comment or
    the empty line at the cursor."""
    templates = {t.name: t for t in templates.values() if is_for(t, snapshot)}
    touched = tuple(d for d in dict.fromkeys(diagnostics) if d.start <= end and d.end >= start)
    found = [
        Offer(t.name, f"{t.title}: {_shortened(d.message)}", t.kind, d.start, d.end, (d,))
        for t in _that_apply(templates, "diagnostic")
        for d in touched
    ]
    if snapshot.text[start:end].strip():
        for t in _that_apply(templates, "selection"):
            title = _of_all(t, touched) or t.title
            found.append(Offer(t.name, title, t.kind, start, end, touched))
    elif len(touched) > 1:
        first, last = min(d.start for d in touched), max(d.end for d in touched)
        for t in _that_apply(templates, "diagnostic"):
            found.append(Offer(t.name, _of_all(t, touched), t.kind, first, last, touched))
    return found + _at_cursor(templates, snapshot, start, end)


def _at_cursor(
    templates: Mapping[str, ActionTemplate], snapshot: DocumentSnapshot, start: int, end: int
) -> list[Offer]:
    """The actions on the comment, or the empty line, that a mere cursor stands in."""
    if start != end:
        return []
    if lines := comment_lines(snapshot, start):
        comment = _that_apply(templates, "comment")
        return [Offer(t.name, t.title, t.kind, *lines) for t in comment]
    if snapshot.line(snapshot.line_of(start)).strip():
        return []
    empty = _that_apply(templates, "empty-line")
    return [Offer(t.name, t.title, t.kind, start, end) for t in empty]


def _of_all(template: ActionTemplate, touched: Sequence[Diagnostic]) -> str:
    """The title of an action on several diagnostics at once; "" where it is not."""
    several = len(touched) > 1 and "diagnostic" in template.applies
    return f"{template.title} all {len(touched)} problems" if several else ""


def is_for(template: ActionTemplate, snapshot: DocumentSnapshot) -> bool:
    """Whether the action is for the document's language, by the editor's name for it or ours."""
    language = language_of(snapshot.language, snapshot.uri)
    names = {snapshot.language.lower(), *((language.name, *language.ids) if language else ())}
    return not template.languages or not names.isdisjoint(map(str.lower, template.languages))


def _that_apply(templates: Mapping[str, ActionTemplate], to: Applies) -> list[ActionTemplate]:
    return [template for template in templates.values() if to in template.applies]


def comment_lines(snapshot: DocumentSnapshot, offset: int) -> tuple[int, int] | None:
    """Start and end of the line comments around the offset; None where it is not in one."""
    language = language_of(snapshot.language, snapshot.uri)
    first = last = snapshot.line_of(offset)

    def is_comment(line: int) -> bool:
        return snapshot.line(line).lstrip().startswith(language.comment) if language else False

    if not is_comment(first):
        return None
    while first > 0 and is_comment(first - 1):
        first -= 1
    while last + 1 < snapshot.line_count and is_comment(last + 1):
        last += 1
    return snapshot.line_starts[first], snapshot.line_starts[last] + len(snapshot.line(last))


def _shortened(message: str) -> str:
    words = " ".join(message.split())
    return words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1].rstrip() + "…"
