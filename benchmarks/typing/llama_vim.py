"""llama.vim's way of asking llama-server, after its source (autoload/llama.vim, 31 January 2026).

What is as it is there, by the names of its functions: the window (`fim_ctx_local`), the request
and its limits, one request at a time that nothing cancels and a retry after 100 ms (`fim`), the
cache of 250 answers under the text round the cursor and the same less one to three lines at its
top, the look-back of 128 characters (`fim_try_hint`), the request for what would come after a
suggestion that is on the screen, and what of an answer is shown (`fim_render`).

What is left out: the ring of chunks from elsewhere (`input_extra`), which makes prompts longer and
has them read anew where a chunk comes or goes; and curl, which is started for each request: here
the connection stays. Both omissions are in llama.vim's favour.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.typing.document import Document, Shown
from benchmarks.typing.work import Work

N_PREFIX, N_SUFFIX = 256, 64
LOOK_BACK = 128
MAX_LINE_SUFFIX = 8
MAX_CACHE_KEYS = 250
_RETRY = 0.1
_REQUEST = {
    "id_slot": 0,
    "input_extra": [],
    "n_predict": 128,
    "stop": [],
    "top_k": 40,
    "top_p": 0.90,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
}
# The first answer is to be quick; what comes after it is asked for while it is read.
_T_MAX_PREDICT_MS, _T_MAX_PREDICT_AHEAD_MS = 250, 1000


@dataclass(frozen=True)
class Local:
    """The context at a place (`fim_ctx_local`)."""

    prefix: str
    middle: str
    suffix: str
    indent: int
    right_of_cursor: str

    @property
    def key(self) -> str:
        return _key(self.prefix + self.middle, self.suffix)

    def keys(self) -> list[str]:
        """The cache's keys: the text, and the text less its first one to three lines."""
        keys, prefix = [self.key], self.prefix
        for _ in range(3):
            prefix = prefix.partition("\n")[2]
            if not prefix:
                break
            keys.append(_key(prefix + self.middle, self.suffix))
        return keys


@dataclass(frozen=True)
class Hint:
    """What is on the screen. `content` are its lines, the rest of the cursor's line included."""

    content: list[str]
    can_accept: bool


class LlamaVim:
    """Way (see replay.py) of Vim with llama.vim."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.work: list[Work] = []
        self._http = http
        self._cache: OrderedDict[str, str] = OrderedDict()
        self._lines: list[str] = [""]
        self._x = self._y = 0
        self._indent_last = -1
        self._hint: Hint | None = None
        self._job: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    async def arrive(self, document: Document) -> None:
        self._moved(document)

    def see(self, document: Document) -> None:
        """It looks at the text when it is told of a key."""

    async def key(self, document: Document) -> tuple[Shown | None, bool | None]:
        self._moved(document)
        waited = not self._settled()
        while not self._settled():
            self._changed.clear()
            await self._changed.wait()
        return self._shown(document), waited and self._hint is not None

    async def close(self) -> None:
        """Let what is under way end."""
        if self._job:
            await self._job
        self._stop_timer()

    def _moved(self, document: Document) -> None:
        """CursorMovedI."""
        self._lines = document.text.split("\n")
        before = document.text[: document.offset].split("\n")
        self._y, self._x = len(before) - 1, len(before[-1])
        self._hint = None
        self._try_hint()
        self._fim()

    def _settled(self) -> bool:
        """Whether no other suggestion will come for this place."""
        if self._hint and self._hint.can_accept:
            return True
        answered = self._local().key in self._cache
        return answered or (self._job is None and self._timer is None)

    def _shown(self, document: Document) -> Shown | None:
        if self._hint is None or not self._hint.can_accept:
            return None
        right = self._lines[self._y][self._x :]
        text = "\n".join(self._hint.content).removesuffix(right)
        return Shown(document.offset, document.offset, text) if text else None

    def _fim(self, prev: list[str] | None = None) -> None:
        if self._job is not None:
            self._stop_timer()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_RETRY, self._retry, prev)
            return
        local = self._local(prev)
        keys = local.keys()
        if len(local.right_of_cursor) > MAX_LINE_SUFFIX or any(key in self._cache for key in keys):
            return
        self._indent_last = local.indent
        self._job = asyncio.ensure_future(self._ask(local, keys, prev is not None))

    def _retry(self, prev: list[str] | None) -> None:
        self._timer = None
        self._fim(prev)
        self._changed.set()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    async def _ask(self, local: Local, keys: list[str], ahead: bool) -> None:
        begun = time.monotonic()
        answer = await self._post(local, ahead)
        timings = answer["timings"]
        self.work.append(
            Work(begun, time.monotonic(), ahead, timings["prompt_n"], timings["predicted_n"])
        )
        for key in keys:
            self._remember(key, answer["content"])
        if self._hint is None or not self._hint.can_accept:
            self._try_hint()
        self._job = None
        self._changed.set()

    async def _post(self, local: Local, ahead: bool) -> dict[str, Any]:
        body = {
            **_REQUEST,
            "input_prefix": local.prefix,
            "prompt": local.middle,
            "input_suffix": local.suffix,
            "n_indent": local.indent,
            "t_max_predict_ms": _T_MAX_PREDICT_AHEAD_MS if ahead else _T_MAX_PREDICT_MS,
        }
        answer = await self._http.post("/infill", json=body)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def _try_hint(self) -> None:
        local = self._local()
        content = self._known(local.key)
        if content is None:
            content = self._looked_back(local)
        if content is None:
            return
        self._hint = self._rendered(content)
        self._fim(self._hint.content)

    def _looked_back(self, local: Local) -> str | None:
        """What an earlier text was suggested, less what was typed of it since: the longest."""
        text, best = local.prefix + local.middle, None
        for back in range(1, min(LOOK_BACK, len(text)) + 1):
            content = self._known(_key(text[:-back], local.suffix))
            if content and content[:back] == text[-back:] and len(content) > back:
                rest = content[back:]
                if best is None or len(rest) > len(best):
                    best = rest
        return best

    def _known(self, key: str) -> str | None:
        if key in self._cache:
            self._cache.move_to_end(key)
        return self._cache.get(key)

    def _remember(self, key: str, content: str) -> None:
        if len(self._cache) > MAX_CACHE_KEYS - 1:
            self._cache.popitem(last=False)
        self._cache[key] = content
        self._cache.move_to_end(key)

    def _local(self, prev: list[str] | None = None) -> Local:
        """The context at the cursor; with `prev` as if those lines were accepted there."""
        lines, y = self._lines, self._y
        below = lines[y + 1 : y + 1 + N_SUFFIX]
        if prev is None:
            above = lines[max(0, y - N_PREFIX) : y]
            line = lines[y]
            left, right = line[: self._x], line[self._x :]
            indent = len(line) - len(line.lstrip())
            if not line.strip():
                indent, left, right = 0, "", ""
        else:
            above = lines[max(0, y - N_PREFIX + len(prev) - 1) : y]
            if len(prev) > 1:
                above += [lines[y] + prev[0], *prev[1:-1]]
            left = prev[-1] if len(prev) > 1 else lines[y] + prev[0]
            right, indent = "", self._indent_last
        return Local(
            "\n".join(above) + "\n", left, "\n".join([right, *below]) + "\n", indent, right
        )

    def _rendered(self, answer: str) -> Hint:
        """What of an answer is shown (`fim_render`): not what stands below already."""
        content = answer.split("\n")
        while content and not content[-1]:
            content.pop()
        content = content or [""]
        can_accept = content != [""]
        line = self._lines[self._y]
        if not line.strip():
            lead = min(len(content[0]) - len(content[0].lstrip()), len(line))
            line, content[0] = content[0][:lead], content[0][lead:]
        left, right = line[: self._x], line[self._x :]
        if self._repeats(content, left, right):
            content = [""]
        content[-1] += right
        return Hint(content, can_accept and bool("".join(content).strip()))

    def _repeats(self, content: list[str], left: str, right: str) -> bool:
        """Whether a suggestion is only what the next lines, or the rest of this one, say."""
        lines, y = self._lines, self._y
        if len(content) > 1 and not content[0] and content[1:] == lines[y + 1 : y + len(content)]:
            return True
        if content == [right]:
            return True
        next_y = y + 1
        while next_y < len(lines) - 1 and not lines[next_y].strip():
            next_y += 1
        following = lines[next_y:]
        if not following or left + content[0] != following[0]:
            return False
        if len(content) == 1:
            return True
        if len(content) == 2:
            return (following[1:2] or [""])[0].startswith(content[-1])
        return content[1:] == following[1 : len(content)]


def _key(before: str, suffix: str) -> str:
    return f"{before}Î{suffix}"
