"""llama.vim's way of asking llama-server, as its source has it: windows by lines, a cache with a
look-back, the whole suffix evaluated anew at each key that misses it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from benchmarks import peer
from lsp_server.models.store import locate

LINES_BEFORE, LINES_AFTER = 256, 64
LOOK_BACK = 128
MOST_RIGHT_OF_CURSOR = 8


@dataclass(frozen=True)
class Shown:
    text: str
    cached: bool
    evaluated: int
    generated: int


class LlamaVim:
    """Completes through a running llama-server."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._cache: dict[tuple[str, str, str], str] = {}

    async def complete(self, text: str, offset: int) -> Shown:
        prefix, line, rest, suffix = _window(text, offset)
        if len(rest) > MOST_RIGHT_OF_CURSOR:
            return Shown("", True, 0, 0)
        known = self._looked_back(prefix, line, rest + suffix)
        if known is not None:
            return Shown(known, True, 0, 0)
        body = {
            "input_prefix": prefix,
            "prompt": line,
            "input_suffix": rest + suffix,
            "n_predict": 128,
            "top_k": 40,
            "top_p": 0.9,
            "samplers": ["top_k", "top_p", "infill"],
            "cache_prompt": True,
            "t_max_prompt_ms": 500,
            "t_max_predict_ms": 1000,
        }
        answer = (await self._http.post("/infill", json=body)).json()
        content = answer["content"]
        self._cache[prefix, line, rest + suffix] = content
        timings = answer["timings"]
        return Shown(content, False, timings["prompt_n"], timings["predicted_n"])

    def _looked_back(self, prefix: str, line: str, suffix: str) -> str | None:
        """What an earlier key was suggested, less what was typed of it since."""
        for back in range(min(LOOK_BACK, len(line)) + 1):
            earlier = self._cache.get((prefix, line[: len(line) - back], suffix))
            typed = line[len(line) - back :]
            if earlier is not None and earlier.startswith(typed) and earlier != typed:
                return earlier[len(typed) :]
        return None


def _window(text: str, offset: int) -> tuple[str, str, str, str]:
    """The lines above, the line up to the cursor, the rest of the line, the lines below."""
    above = text[:offset].split("\n")
    below = text[offset:].split("\n")
    prefix = "\n".join(above[-LINES_BEFORE - 1 : -1])
    return (
        prefix + "\n" if prefix else "",
        above[-1],
        below[0],
        "\n" + "\n".join(below[1 : LINES_AFTER + 1]),
    )


@asynccontextmanager
async def llama_server(model: str, port: int = 18012) -> AsyncIterator[httpx.AsyncClient]:
    """A llama-server with llama.vim's options."""
    program = peer.program("llama-server")
    if program is None:
        raise SystemExit("llama-server is not built yet: `make llama-server`.")
    process = await asyncio.create_subprocess_exec(
        program,
        *("--model", str(locate(model)), "--host", "127.0.0.1", "--port", str(port)),
        *("--ctx-size", "8192", "--batch-size", "1024", "--ubatch-size", "1024"),
        *("--cache-reuse", "256", "--parallel", "1"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=peer.environment(),
    )
    timeout = httpx.Timeout(300)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=timeout, trust_env=False
        ) as http:
            await _until_loaded(http)
            yield http
    finally:
        process.terminate()
        await process.wait()


async def _until_loaded(http: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if (await http.get("/health")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit("llama-server did not start.")
