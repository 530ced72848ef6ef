"""Servers for end-to-end tests: the settings file of whoever runs the tests is left out."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Each test's own settings, runtime folder and statistics. The engine is in the server's
    process, except in tests of the shared one."""
    config = tmp_path / "config.yaml"
    config.write_text("engine: {kind: in-process}\n", encoding="utf-8")
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(config))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    # A unix socket's path may have about a hundred characters; tmp_path is too long for that.
    with tempfile.TemporaryDirectory(prefix="cl") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Writes a script for the engine double; gives the server arguments that use it."""

    def write(**script: Any) -> tuple[str, str]:
        path = tmp_path / "script.yaml"
        path.write_text(yaml.safe_dump(script), encoding="utf-8")
        return "--double", str(path)

    return write
