"""What an engine leaves behind for the next one, in case it dies.

The system ends a process that takes too much memory without a word (SIGKILL), and a model takes it
while it is loaded. So an engine that finds that the last one died while loading loads smaller.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from lsp_server.config import Config, EngineSettings
from lsp_server.errors import ModelError


def write_state(path: Path, phase: str, deaths: int) -> None:
    """Say what this engine is doing: `loading` or `serving`, after so many deaths while loading."""
    state = {"pid": os.getpid(), "phase": phase, "deaths_while_loading": deaths}
    with contextlib.suppress(OSError):
        path.write_text(json.dumps(state), encoding="utf-8")


def deaths_while_loading(path: Path) -> int:
    """How many engines in a row died while they loaded. Only the holder of the lock may ask, so
    that whoever wrote the state is dead."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        return int(state["deaths_while_loading"]) + 1 if state["phase"] == "loading" else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def smaller_after(deaths: int, config: Config) -> tuple[Config, str]:
    """Settings that need less memory, a step for each death, and what to tell the user; the same
    settings where there was none, or no model."""
    steps = list(_steps(config)) if deaths else []
    if not steps:
        return config, ""
    engine, smaller = steps[min(deaths, len(steps)) - 1]
    notice = f"The engine died while it loaded the model, so this time {smaller}."
    return attrs.evolve(config, engine=engine), notice


def _steps(config: Config) -> Iterator[tuple[EngineSettings, str]]:
    from lsp_server.engine.llama.devices import offload_devices
    from lsp_server.engine.llama.smaller import smaller_settings
    from lsp_server.models.gguf import read_gguf
    from lsp_server.models.store import locate

    with contextlib.suppress(ModelError):  # said when it is loaded
        metadata = read_gguf(locate(config.models.infill))
        devices = offload_devices() if config.engine.n_gpu_layers != 0 else []
        yield from smaller_settings(config.engine, metadata, devices)
