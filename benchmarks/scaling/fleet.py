"""llama-servers on loopback, and a load balancer before them with the files of docs/scaling."""

import asyncio
import re
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import peer

FILES = Path(__file__).parents[2] / "docs" / "scaling"
_SECONDS_TO_START = 120
_SERVERS = ("127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083")
_FRONT = "127.0.0.1:8080"


@dataclass
class Member:
    """One llama-server; `port` is loopback's."""

    port: int
    process: asyncio.subprocess.Process

    async def tokens_read(self) -> float:
        """Of prompts, since its start. The server has to run with --metrics."""
        async with httpx.AsyncClient(trust_env=False) as http:
            page = (await http.get(f"http://127.0.0.1:{self.port}/metrics")).text
        found = re.search(r"^llamacpp:prompt_tokens_total (\S+)", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def kill(self) -> None:
        self.process.kill()


@asynccontextmanager
async def fleet(model: Path, size: int, *options: str) -> AsyncIterator[list[Member]]:
    """So many llama-servers that have loaded the model."""
    program = peer.program("llama-server")
    if program is None:
        raise SystemExit("llama-server is not built yet: `make llama-server`.")
    async with AsyncExitStack() as stack:
        members = []
        for port in free_ports(size):
            place = ("--model", str(model), "--host", "127.0.0.1", "--port", str(port))
            running = _running(program, *place, *options, environment=peer.environment("passive"))
            members.append(Member(port, await stack.enter_async_context(running)))
        for member in members:
            await _until_up(f"http://127.0.0.1:{member.port}/health")
        yield members


@asynccontextmanager
async def balancer(name: str, ports: list[int], affinity: bool = True) -> AsyncIterator[str]:
    """The url of nginx or haproxy before the ports, as their files say but for addresses."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        raise SystemExit(f"{name} is not installed: `apt-get install {name}`.")
    [front] = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ("nginx.conf" if name == "nginx" else "haproxy.cfg")
        file.write_text(_configured(file.name, front, ports, affinity), encoding="utf-8")
        arguments = ["-f", str(file), "-db"]
        if name == "nginx":
            arguments = ["-p", folder, "-c", str(file), "-g", "daemon off;"]
        async with _running(program, *arguments):
            url = f"http://127.0.0.1:{front}"
            await _until_up(f"{url}/health")
            yield url


def _configured(name: str, front: int, ports: list[int], affinity: bool) -> str:
    text = (FILES / name).read_text(encoding="utf-8").replace(_FRONT, f"127.0.0.1:{front}")
    for address, port in zip(_SERVERS, ports, strict=True):
        text = text.replace(address, f"127.0.0.1:{port}")
    if not affinity:
        text = re.sub(r"^ *(hash \$session|balance hdr|hash-type).*\n", "", text, flags=re.M)
    return text


def free_ports(count: int) -> list[int]:
    listening = [socket.socket() for _ in range(count)]
    for one in listening:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in listening]
    for one in listening:
        one.close()
    return ports


@asynccontextmanager
async def _running(
    program: str | Path, *arguments: str, environment: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_up(url: str) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.monotonic() < deadline:
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise SystemExit(f"Nothing answers at {url}.")
