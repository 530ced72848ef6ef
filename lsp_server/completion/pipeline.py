"""From a cursor to a suggestion, on one page."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from lsp_server.completion.endings import Ending
from lsp_server.completion.opened import with_opened_line
from lsp_server.completion.others import Others, others_at
from lsp_server.completion.postprocess import Place, Suggestion, clean
from lsp_server.config import Config
from lsp_server.context.budget import Count
from lsp_server.context.languages import language_of
from lsp_server.context.nearby import nearby_window
from lsp_server.context.related.index import RelatedIndex
from lsp_server.context.scope import shape_at
from lsp_server.context.trim import Window, forget_costs, infill_window
from lsp_server.documents import DocumentSnapshot, Edit
from lsp_server.engine.protocol import (
    Engine,
    EngineInfo,
    Finish,
    Hastens,
    InfillRequest,
    Repository,
    Role,
)

# The control tokens and BOS of every infill format, with room to spare.
_CONTROL_TOKENS = 16
# What a CPU reads in a few seconds; what comes after it is appended to the KV cache.
_CPU_CONTEXT_TOKENS = 1024
# What it reads in two: from so much it answers first at a new place.
_NEAR_TOKENS = 320
_COUNTS_KEPT = 100_000
# What reading in idle time is called, for which nobody ever waits.
_READING = "reading"


class Pipeline:
    """Completes with one engine; keeps the token counts of lines that it has seen."""

    def __init__(
        self, engine: Engine, info: EngineInfo, related: RelatedIndex | None = None
    ) -> None:
        """`related` is what knows of other files, None for one file alone."""
        self._engine = engine
        self._info = info
        self._related = related
        self._counts: dict[str, int] = {}
        forget_costs()
        self._hastened = ""

    async def suggest(
        self,
        snapshot: DocumentSnapshot,
        offset: int,
        config: Config,
        tell: Callable[[str], None] = lambda text: None,
        background: str = "",
    ) -> Edit | None:
        """The edit that completes the code at the offset, None where nothing is worth showing.

        `tell` is told the text so far, as it grows. Cancelling it stops the engine. With a name for
        it in `background` it uses idle time, until it is hastened.
        """
        edits = await self.several(snapshot, offset, config, 1, tell, background)
        return edits[0] if edits else None

    async def several(
        self,
        snapshot: DocumentSnapshot,
        offset: int,
        config: Config,
        most: int,
        tell: Callable[[str], None] = lambda text: None,
        background: str = "",
    ) -> list[Edit]:
        """Up to `most` different edits that complete the code at the offset, the best first. The
        first is the one that `suggest` gives."""
        opened = with_opened_line(snapshot, offset)
        if opened:
            edits = await self.several(opened, offset, config, most, tell, background)
            return [Edit(offset, offset, edit.text + snapshot.newline) for edit in edits]
        count = self._counter(asyncio.get_running_loop())
        place, request = await asyncio.to_thread(
            lambda: (_place(snapshot, offset), self._request(snapshot, offset, config, count))
        )
        if background == self._hastened:
            background = ""
        request = replace(request, background=background, alternatives=most)
        middles, _ = await asyncio.gather(
            self._generate(place, request, tell), asyncio.to_thread(place.prepare)
        )
        suggestions = await asyncio.to_thread(_different, place, middles)
        return [
            Edit(offset, offset + one.replaces, one.text.replace("\n", snapshot.newline))
            for one in suggestions
        ]

    async def hasten(self, background: str) -> None:
        """A key waits now for what was begun under this name, be it asked for already or not."""
        self._hastened = background
        if isinstance(self._engine, Hastens):
            await self._engine.hasten(background)

    async def read(self, snapshot: DocumentSnapshot, offset: int, config: Config) -> None:
        """Have the engine read all that is shown for this place, in idle time."""
        snapshot = with_opened_line(snapshot, offset) or snapshot
        count = self._counter(asyncio.get_running_loop())
        request = await asyncio.to_thread(self._request, snapshot, offset, config, count)
        if request.near is None:
            return  # what answers reads it all
        whole = replace(request, max_tokens=0, background=_READING, near=None)
        async with aclosing(self._engine.infill(whole)) as stream:
            async for _ in stream:
                pass

    def _request(
        self, snapshot: DocumentSnapshot, offset: int, config: Config, count: Count
    ) -> InfillRequest:
        window, repository = self._shown(snapshot, offset, config, count)
        near = self._near(snapshot, offset, config, count)
        request = replace(infill_request(window, config), repository=repository)
        return request if near == (window.prefix, window.suffix) else replace(request, near=near)

    def _near(
        self, snapshot: DocumentSnapshot, offset: int, config: Config, count: Count
    ) -> tuple[str, str] | None:
        """What is shown at first on a machine that reads slowly, None where that is all."""
        if self._info.gpu or not config.completion.quick_first:
            return None
        if context_budget(config, self._info) < 2 * _NEAR_TOKENS:
            return None
        window = nearby_window(snapshot, offset, _NEAR_TOKENS, count)
        return unix_lines(window.prefix), unix_lines(window.suffix)

    def _shown(
        self, snapshot: DocumentSnapshot, offset: int, config: Config, count: Count
    ) -> tuple[Window, Repository | None]:
        """The window, and what other files have to say, within one budget."""
        budget = context_budget(config, self._info)
        share = int(budget * config.completion.related_share)
        others = Others()
        if share and self._related is not None:
            others = others_at(
                self._related, snapshot, offset, share, count, apart=self._info.files
            )
        window = unix_window(snapshot, offset, budget - others.cost, count)
        return Window(others.comments + window.prefix, window.suffix), others.repository

    def _counter(self, loop: asyncio.AbstractEventLoop) -> Count:
        """Token counts for the thread that trims: known ones at once, others from the engine."""

        def count(texts: Sequence[str]) -> list[int]:
            if len(self._counts) > _COUNTS_KEPT:
                self._counts = {}
            known = self._counts
            unknown = [text for text in dict.fromkeys(texts) if text not in known]
            if unknown:
                counting = self._engine.count_tokens(Role.INFILL, unknown)
                counts = asyncio.run_coroutine_threadsafe(counting, loop).result()
                known.update(zip(unknown, counts, strict=True))
            return [known[text] for text in texts]

        return count

    async def _generate(
        self, place: Place, request: InfillRequest, tell: Callable[[str], None]
    ) -> list[str]:
        """The middles, the best first: what is likeliest token by token, then the others."""
        endings = [Ending(place) for _ in range(request.alternatives)]
        likelihood = [0.0] * len(endings)
        under_way = set(range(len(endings)))
        async with aclosing(self._engine.infill(request)) as stream:
            async for chunk in stream:
                if chunk.index not in under_way:
                    continue
                is_whole = endings[chunk.index].feed(chunk.text)
                if chunk.finish is Finish.LENGTH and not is_whole:
                    endings[chunk.index].break_off()
                if is_whole or chunk.finish:
                    under_way.remove(chunk.index)
                likelihood[chunk.index] = chunk.likelihood
                tell(endings[0].text)
                if not under_way:
                    break
        others = sorted(range(1, len(endings)), key=lambda n: likelihood[n], reverse=True)
        return [endings[n].text for n in (0, *others)]


def infill_request(window: Window, config: Config) -> InfillRequest:
    """The request for a window, with the settings' overrides of the family's measured defaults."""
    order, healing = config.infill.order, config.infill.healing
    return InfillRequest(
        window.prefix,
        window.suffix,
        config.completion.max_tokens,
        config.sampling,
        order=None if order == "auto" else order,
        heal=None if healing == "auto" else healing == "on",
    )


def unix_window(snapshot: DocumentSnapshot, offset: int, budget: int, count: Count) -> Window:
    """The code around the cursor that fits the budget, with `\\n` line ends."""
    window = infill_window(snapshot, offset, budget, count)
    return Window(unix_lines(window.prefix), unix_lines(window.suffix))


def context_budget(config: Config, info: EngineInfo) -> int:
    """The tokens that prefix and suffix may have together."""
    room = info.n_ctx - config.completion.max_tokens - _CONTROL_TOKENS
    wanted = config.completion.context_tokens or (room if info.gpu else _CPU_CONTEXT_TOKENS)
    return max(0, min(room, wanted))


def unix_lines(text: str) -> str:
    """`\\n` line ends: models write worse code where they see `\\r`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _different(place: Place, middles: Sequence[str]) -> list[Suggestion]:
    """What of the middles to show, each only once."""
    cleaned = (clean(place, middle) for middle in middles)
    return list(dict.fromkeys(one for one in cleaned if one is not None))


def _place(snapshot: DocumentSnapshot, offset: int) -> Place:
    return Place(
        before=unix_lines(snapshot.text[:offset]),
        after=unix_lines(snapshot.text[offset:]),
        shape=shape_at(snapshot, offset),
        language=language_of(snapshot.language, snapshot.uri),
        snapshot=snapshot,
    )
