"""make bench-scaling: three llama-servers behind nginx and HAProxy while ten clients type.

    python -m benchmarks.scaling [--clients 10] [--keys 5] [--pause 1.0] [--rows ROW ...]
    VLLM_BIN=… python -m benchmarks.scaling --kind vllm --model FOLDER [--servers 2] …

With and without affinity, and with one server killed while everyone types. All on loopback; the
servers share the machine's processors, so the times are of a machine with three servers too many.
What carries over is what is read and what is cached. Each client's first key is left out of the
times, as nothing can be in a cache for it.
"""

import argparse
import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

from benchmarks.scaling.fleet import KEY, Member, balancer, fleet, llama_server, vllm
from benchmarks.scaling.typists import figures, type_all
from benchmarks.table import RESULTS, as_text, machine, write_json
from lsp_server.config import Config
from lsp_server.engine.remote.key import VARIABLE
from lsp_server.models.store import locate

_OPTIONS = {
    # A slot for each client that comes to a server, and some.
    "llama-server": ("--ctx-size", "4096", "--parallel", "6", "--threads", "1", "--metrics"),
    # The smallest blocks that a prefix is cached in on a CPU; half as large on a GPU.
    "vllm": (
        *("--max-model-len", "2048", "--max-num-seqs", "6", "--enforce-eager"),
        *("--block-size", "32", "--enable-prompt-tokens-details"),
    ),
}

# The balancer, whether with affinity, and whether a server is killed.
_ROWS = {
    "nginx without affinity": ("nginx", False, False),
    "nginx": ("nginx", True, False),
    "HAProxy": ("haproxy", True, False),
    "nginx, one server killed": ("nginx", True, True),
    "HAProxy, one server killed": ("haproxy", True, True),
    "vllm-router": ("vllm-router", True, False),
    "vllm-router, one server killed": ("vllm-router", True, True),
}


async def main() -> None:
    arguments = _arguments()
    rows: list[dict[str, Any]] = []
    setting = {"clients": arguments.clients, "keys": arguments.keys, "pause": arguments.pause}
    results = {"machine": _machine(arguments), "servers": arguments.servers, **setting}
    results |= {"kind": arguments.kind, "options": _OPTIONS[arguments.kind]}
    for title in arguments.rows:
        name, affinity, killing = _ROWS[title]
        if name == "vllm-router" and arguments.kind != "vllm":
            continue
        if shutil.which(name) or shutil.which(name, path="/usr/sbin"):
            async with asyncio.timeout(arguments.seconds):
                found = await _measured(arguments, name, affinity, killing)
            rows.append({"behind": title, **found})
            print(as_text(rows), end="\n\n", flush=True)
            write_json(arguments.json, {**results, "rows": rows})


def _machine(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.kind == "llama-server":
        return machine(arguments.model)
    folder = Path(arguments.model)
    return machine(folder / "model.safetensors") | {"model": folder.name}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=_OPTIONS, default="llama-server")
    parser.add_argument(
        "--model", default=Config().models.infill, help="a name or a GGUF file; for vLLM a folder"
    )
    parser.add_argument("--servers", type=int, choices=(2, 3), default=3)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--keys", type=int, default=5, help="for each client")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between keys")
    parser.add_argument("--seconds", type=float, default=300.0, help="at most, for each row")
    parser.add_argument("--rows", nargs="+", choices=_ROWS, default=list(_ROWS))
    parser.add_argument("--json", type=Path, default=RESULTS / "scaling.json")
    return parser.parse_args()


async def _measured(
    arguments: argparse.Namespace, name: str, affinity: bool, killing: bool
) -> dict[str, Any]:
    """The figures behind one balancer, with servers that know nothing yet."""
    options = _OPTIONS[arguments.kind]
    if arguments.kind == "vllm":
        os.environ[VARIABLE] = KEY
        kind = vllm(Path(arguments.model), *options)
    else:
        kind = llama_server(locate(arguments.model), *options)
    async with (
        fleet(kind, arguments.servers) as members,
        balancer(name, members, affinity) as url,
    ):
        some = asyncio.Event()
        typing = type_all(
            arguments.kind, url, arguments.clients, arguments.keys, arguments.pause, some
        )
        if killing:
            answered, _ = await asyncio.gather(typing, _kill_busiest(members, some))
        else:
            answered = await typing
    return figures(answered)


async def _kill_busiest(members: list[Member], some: asyncio.Event) -> None:
    """Kill the server that has read the most, once some keys were answered."""
    await some.wait()
    read = [await member.tokens_read() for member in members]
    members[read.index(max(read))].kill()


if __name__ == "__main__":
    asyncio.run(main())
