"""The server of `engine.url`: whether it answers, what it serves, how it is asked."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lsp_server.config import Config
from lsp_server.doctor.report import Finding, Section
from lsp_server.doctor.speed import Measured, measured
from lsp_server.engine.protocol import EngineInfo
from lsp_server.engine.remote.connect import on_this_machine, url_of
from lsp_server.engine.remote.engine import RemoteEngine
from lsp_server.engine.remote.servers.openai import OpenAiServer
from lsp_server.errors import CodeLlamaError

_SHOWN = 8
Speed = Measured | CodeLlamaError | TimeoutError


@dataclass(frozen=True)
class Seen:
    """What the server said, after so many milliseconds; `key` is where its key was found, empty
    where there is none. `speed` is None where it was not measured, an error where it could not
    be."""

    info: EngineInfo
    server: OpenAiServer
    milliseconds: float
    key: str
    speed: Speed | None


async def look(config: Config, quick: bool) -> Seen:
    """Ask the server; unless `quick`, have it write for about two seconds. Raises
    CodeLlamaError."""
    engine = RemoteEngine(config)
    try:
        started = time.perf_counter()
        info = await engine.ready()
        took = (time.perf_counter() - started) * 1000
        server = await engine.server()
        speed = None if quick or not server.served.infill else await _speed(engine)
        return Seen(info, server, took, engine.key_origin, speed)
    finally:
        await engine.close()


def elsewhere_section(config: Config, found: Seen | CodeLlamaError) -> Section:
    findings = list(_place(config))
    data: dict[str, Any] = {"kind": config.engine.kind}
    if isinstance(found, CodeLlamaError):
        findings.append(Finding("answer", found.message, "wrong", found.hint))
    else:
        findings += [*_served(found), *_infilling(found), *_speeds(found.speed)]
        data |= _data(found)
    return Section("elsewhere", "Engine elsewhere", tuple(findings), data)


async def _speed(engine: RemoteEngine) -> Speed:
    try:
        return await measured(engine, None)
    except (CodeLlamaError, TimeoutError) as error:
        return error


def _place(config: Config) -> Iterator[Finding]:
    try:
        url = url_of(config.engine)
    except CodeLlamaError:
        return  # which is what the answer is
    yield Finding("server", f"{config.engine.kind} at {url}")
    if url.startswith("http:") and not on_this_machine(url):
        text = "http: your code goes there unencrypted, and the key with it"
        yield Finding("way", text, "note", "Use https, or an ssh tunnel.")


def _served(found: Seen) -> Iterator[Finding]:
    served, info = found.server.served, found.info
    version = f"version {served.version}, " if served.version else ""
    yield Finding("answer", f"{version}in {found.milliseconds:.0f} ms")
    yield Finding("key", f"from {found.key}" if found.key else "none set")
    names = ", ".join(served.models[:_SHOWN]) + (", …" if len(served.models) > _SHOWN else "")
    yield Finding("serves", names)
    yield Finding("infill", info.infill_model)
    yield Finding("instruct", info.instruct_model)
    theirs = "unknown" if served.n_ctx is None else str(served.n_ctx)
    slots = f"; {served.slots} slots" if served.slots else ""
    yield Finding("n_ctx", f"{info.n_ctx} are used, the server's is {theirs}{slots}")


def _infilling(found: Seen) -> Iterator[Finding]:
    server = found.server
    if server.served.why_no_infill:
        why = server.served.why_no_infill
        yield Finding("completes", f"no: {why.message}", "wrong", why.hint)
    else:
        yield Finding("completes", f"as {found.info.family}: {server.infills_by}")
    yield Finding("counts", f"by {server.counts_by}")


def _speeds(speed: Speed | None) -> Iterator[Finding]:
    if isinstance(speed, CodeLlamaError):
        yield Finding("writing", speed.message, "wrong", speed.hint)
    elif isinstance(speed, TimeoutError):
        yield Finding("writing", "nothing came within a minute", "wrong", "Is it very busy?")
    elif speed is not None and speed.decode is not None:
        yield Finding("writing", f"{speed.decode:.0f} tokens a second")


def _data(found: Seen) -> dict[str, Any]:
    served = found.server.served
    return {
        "version": served.version,
        "models": list(served.models),
        "infill": found.info.infill_model,
        "instruct": found.info.instruct_model,
        "family": found.info.family,
        "n_ctx": found.info.n_ctx,
        "slots": served.slots,
        "milliseconds": found.milliseconds,
    }
