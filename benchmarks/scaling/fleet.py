"""Servers on loopback, and a load balancer before them with the files of docs/scaling."""

import asyncio
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import peer

FILES = Path(__file__).parents[2] / "docs" / "scaling"
_SECONDS_TO_START = 300
_SERVERS = ("127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083")
_FRONT = "127.0.0.1:8080"
# The key in nginx-vllm.conf.
KEY = "change-me"


Environment = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """What is started of a model, the metric of the tokens that it has read, and the file of
    docs/scaling that nginx has for it."""

    command: tuple[str, ...]
    environment: Environment
    read: str
    nginx: str = "nginx.conf"


def llama_server(model: Path, *options: str) -> Kind:
    program = peer.program("llama-server")
    if program is None:
        raise SystemExit("llama-server is not built yet: `make llama-server`.")
    command = (str(program), "--model", str(model), *options)
    return Kind(command, peer.environment("passive"), "llamacpp:prompt_tokens_total")


def vllm(model: Path, *options: str) -> Kind:
    """A model's folder, served under its name by the program that $VLLM_BIN names."""
    program = os.environ.get("VLLM_BIN", "")
    if not program:
        raise SystemExit("VLLM_BIN names no vllm program.")
    command = (program, "serve", str(model), "--served-model-name", model.name, *options)
    small = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
    environment = os.environ | small | {"VLLM_API_KEY": KEY}
    return Kind(command, environment, "vllm:prompt_tokens_total", "nginx-vllm.conf")


@dataclass
class Member:
    """One server; `port` is loopback's."""

    kind: Kind
    port: int
    process: asyncio.subprocess.Process

    async def tokens_read(self) -> float:
        """Of prompts, since its start. llama-server has to run with --metrics."""
        async with httpx.AsyncClient(trust_env=False) as http:
            page = (await http.get(f"http://127.0.0.1:{self.port}/metrics")).text
        found = re.search(rf"^{self.kind.read}(?:{{.*}})? (\S+)", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def kill(self) -> None:
        """With the processes that it started."""
        os.killpg(self.process.pid, signal.SIGKILL)


@asynccontextmanager
async def fleet(kind: Kind, size: int) -> AsyncIterator[list[Member]]:
    """So many servers that have loaded the model."""
    async with AsyncExitStack() as stack:
        members = []
        for port in free_ports(size):
            place = ("--host", "127.0.0.1", "--port", str(port))
            running = _running(*kind.command, *place, environment=kind.environment)
            members.append(Member(kind, port, await stack.enter_async_context(running)))
        for member in members:
            await _until_up(f"http://127.0.0.1:{member.port}/health")
        yield members


@asynccontextmanager
async def balancer(
    name: str, members: Sequence[Member], affinity: bool = True
) -> AsyncIterator[str]:
    """The url of nginx, haproxy or vllm-router before the servers; the first two as their files say
    but for addresses."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        raise SystemExit(f"{name} is not installed.")
    [front] = free_ports(1)
    url = f"http://127.0.0.1:{front}"
    with tempfile.TemporaryDirectory() as folder:
        arguments = _arguments(name, Path(folder), front, members, affinity)
        async with _running(program, *arguments):
            await _until_up(f"{url}/health")
            yield url


def _arguments(
    name: str, folder: Path, front: int, members: Sequence[Member], affinity: bool
) -> list[str]:
    ports = [member.port for member in members]
    if name == "vllm-router":
        place = ["--host", "127.0.0.1", "--port", str(front), "--worker-urls"]
        policy = "consistent_hash" if affinity else "round_robin"
        return [*place, *(f"http://127.0.0.1:{port}" for port in ports), "--policy", policy]
    file = folder / (members[0].kind.nginx if name == "nginx" else "haproxy.cfg")
    file.write_text(_configured(file.name, front, ports, affinity), encoding="utf-8")
    if name == "nginx":
        return ["-p", str(folder), "-c", str(file), "-g", "daemon off;"]
    return ["-f", str(file), "-db"]


def _configured(name: str, front: int, ports: list[int], affinity: bool) -> str:
    text = (FILES / name).read_text(encoding="utf-8").replace(_FRONT, f"127.0.0.1:{front}")
    for address, port in zip(_SERVERS, ports, strict=False):
        text = text.replace(address, f"127.0.0.1:{port}")
    for address in _SERVERS[len(ports) :]:
        text = re.sub(rf"^ *server .*{re.escape(address)}\b.*\n", "", text, flags=re.M)
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
    program: str | Path, *arguments: str, environment: Environment | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
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
