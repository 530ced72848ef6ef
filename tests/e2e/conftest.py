"""Servers for end-to-end tests: the settings file of whoever runs the tests is left out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(tmp_path / "no-config.yaml"))


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Writes a script for the engine double; gives the server arguments that use it."""

    def write(**script: Any) -> tuple[str, str]:
        path = tmp_path / "script.yaml"
        path.write_text(yaml.safe_dump(script), encoding="utf-8")
        return "--double", str(path)

    return write
