"""`codellama-lsp doctor`: what will happen on this machine, on one page."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_server.config import Config

if TYPE_CHECKING:
    from lsp_server.doctor.models import Sized
    from lsp_server.doctor.report import Section
    from lsp_server.doctor.speed import Measured
    from lsp_server.engine.llama.devices import Allocation
    from lsp_server.errors import CodeLlamaError, ConfigError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--quick", is_flag=True, help="Without loading a model to measure it.")
def doctor(as_json: bool, quick: bool) -> None:
    """Say what will happen on this machine: GPU, memory, speed, sockets, editors, settings.

    Exits with 1 where something would not work (marked ✗). Opens no connection but
    to the engine elsewhere that your settings name, and shows neither
    secrets nor code.
    """
    sections: list[Section] = []
    for section in _sections(quick):
        sections.append(section)
        if not as_json:
            click.echo("\n".join(section.lines()) + "\n")
    wrong = [finding for one in sections for finding in one.findings if finding.state == "wrong"]
    if as_json:
        found = {section.key: section.as_json() for section in sections}
        click.echo(json.dumps({"ok": not wrong, **found}, indent=2))
    elif wrong:
        click.echo(f"{len(wrong)} would not work: see ✗.")
    else:
        click.echo("All is well.")
    raise SystemExit(1 if wrong else 0)


def _sections(quick: bool) -> "Iterator[Section]":
    """Each as soon as it is known; what could go most wrong, loading the model, comes last."""
    from lsp_server.cli.this_machine import llama_devices, this_machine
    from lsp_server.crash import reports
    from lsp_server.doctor.backends import seen_backends
    from lsp_server.doctor.logs import logs_section
    from lsp_server.doctor.models import expected, models_section, sized_models
    from lsp_server.doctor.program import (
        broken_section,
        gpu_section,
        program_section,
    )
    from lsp_server.doctor.settings import settings_section
    from lsp_server.doctor.speed import speed_section
    from lsp_server.doctor.surroundings import editors_section, network_section, sockets_section
    from lsp_server.engine.address import runtime_folder
    from lsp_server.errors import EngineError
    from lsp_server.log import log_folder
    from lsp_server.models.hardware import measured_bandwidth
    from lsp_server.models.hub import endpoint

    path, config, origins, error = _settings()
    loadable = True
    try:
        llama = llama_devices()
        version, backends = llama.binding_version(), llama.backends()
        yield program_section(version, backends, llama.cpu_features())
        yield gpu_section(llama.devices(), backends, seen_backends(), version)
    except EngineError as failure:
        loadable = False
        yield broken_section(failure.message, seen_backends())
    if config.engine.elsewhere:
        yield _elsewhere(config, quick)
        yield editors_section()
        yield logs_section(log_folder(), config.log_level, reports())
        yield settings_section(path, config, origins, error)
        return
    bandwidth = measured_bandwidth(config.engine.n_threads or _physical_cores())
    named = [("infill", config.models.infill), ("instruct", config.models.instruct)]
    sized, problems = sized_models(named, config.engine, this_machine())
    yield models_section(sized, problems, bandwidth)
    yield sockets_section(runtime_folder, config.engine.kind == "shared")
    yield editors_section()
    yield network_section(os.environ, endpoint())
    yield logs_section(log_folder(), config.log_level, reports())
    yield settings_section(path, config, origins, error)
    infill = next((model for model in sized if "infill" in model.roles), None)
    if quick or infill is None or not loadable:
        return
    speed = expected(infill, infill.plan, bandwidth)
    found, allocated = asyncio.run(_measure(config, speed, infill))
    buffers = [(one.place, one.what, one.size) for one in allocated]
    plan = infill.plan if len(sized) == 1 else None
    yield speed_section(bandwidth, speed, found, plan, buffers)


def _elsewhere(config: Config, quick: bool) -> "Section":
    from lsp_server.doctor.elsewhere import Seen, elsewhere_section, look
    from lsp_server.errors import CodeLlamaError

    found: Seen | CodeLlamaError
    try:
        found = asyncio.run(look(config, quick))
    except CodeLlamaError as error:
        found = error
    return elsewhere_section(config, found)


def _settings() -> "tuple[Path, Config, dict[tuple[str, ...], str], ConfigError | None]":
    """The file, the settings in force, where each was set, and why not where it is wrong."""
    from lsp_server.config_sources import merge, provenance, read_file, user_config_path
    from lsp_server.errors import ConfigError

    path = user_config_path()
    try:
        source = read_file(path)
        return path, merge(source), provenance(source), None
    except ConfigError as error:
        return path, Config(), {}, error


async def _measure(
    config: Config, expected: float | None, model: "Sized"
) -> "tuple[Measured | CodeLlamaError | TimeoutError, list[Allocation]]":
    """With the shared engine where it runs; else in this process, where llama.cpp's own account
    of its memory can be read."""
    from lsp_server.doctor.speed import measured
    from lsp_server.engine.address import address_for
    from lsp_server.engine.llama.devices import allocations
    from lsp_server.engine.make import make_engine, make_in_process_engine
    from lsp_server.errors import CodeLlamaError

    shared = config.engine.kind == "shared" and address_for(config).path.exists()
    with allocations() as found:
        engine = make_engine(config) if shared else make_in_process_engine(config)
        try:
            return await measured(engine, expected), found
        except (CodeLlamaError, TimeoutError) as error:
            return error, []
        finally:
            await engine.close()


def _physical_cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or 1
