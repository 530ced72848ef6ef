"""Asks the language server for an action as an editor does, and applies what comes."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from benchmarks.lsp_text import edited, position_at

_WAIT_S = 600


@dataclass(frozen=True)
class Outcome:
    """The file afterwards (None where nothing was edited), or what the user was told instead: the
    stated reason. Neither is a failure of the server."""

    text: str | None
    told: str
    ms: float
    tries: int = 1


class Asking:
    def __init__(self, editor: Any) -> None:
        self._editor = editor
        self._opened = 0

    async def perform(
        self,
        language: str,
        extension: str,
        text: str,
        span: tuple[int, int],
        title: str,
        message: str = "",
    ) -> Outcome:
        """Choose the action with this title on text[span]; with `message`, a diagnostic there."""
        self._opened += 1
        uri = f"file:///benchmark/task_{self._opened}{extension}"
        self._editor.open(uri, text, language)
        start, end = (position_at(text, offset) for offset in span)
        at = (start.line, start.character, end.line, end.character)
        diagnostic = types.Diagnostic(types.Range(start, end), message, source="test")
        actions = await self._editor.actions(uri, *at, diagnostics=[diagnostic] if message else [])
        action = next(a for a in actions if a.title.startswith(title))
        said, reports = len(self._editor.messages), len(self._editor.progress)
        pages = len(self._editor.shown)
        started = time.perf_counter()
        resolving = self._editor.client.code_action_resolve_async(action)
        resolved = await asyncio.wait_for(resolving, _WAIT_S)
        ms = (time.perf_counter() - started) * 1000
        self._editor.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        told = [m.message for m in self._editor.messages[said:]]
        told += [str(p.uri) for p in self._editor.shown[pages:]]
        new = edited(text, resolved.edit) if resolved.edit else None
        return Outcome(new, "; ".join(told), ms, _tries(self._editor.progress[reports:]))


def _tries(reports: list[Any]) -> int:
    """How often the model was asked, which the progress tells from the second time on."""
    told = [
        str(r.get("message") if isinstance(r, dict) else getattr(r, "message", "")) for r in reports
    ]
    return 1 + len({text.partition(" (")[0] for text in told if text.startswith("try ")})
