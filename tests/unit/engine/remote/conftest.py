"""Engines elsewhere, asked without waiting between tries."""

from contextlib import asynccontextmanager

import attrs
import pytest

from lsp_server.config import Config, EngineSettings, Infill, Models
from lsp_server.engine.remote.engine import RemoteEngine


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    """Whoever runs the tests keeps his keys."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.delenv("CODELLAMA_API_KEY", raising=False)


@pytest.fixture
def pauses():
    """The seconds that were waited between tries; nothing waits."""
    return []


@pytest.fixture
def engine_at(pauses):
    """`async with engine_at(url, kind)`: an engine for settings."""

    async def sleep(seconds):
        pauses.append(seconds)

    @asynccontextmanager
    async def made(url, kind="openai", *, family="auto", models=None, **settings):
        config = attrs.evolve(
            Config(),
            engine=EngineSettings(kind=kind, url=url, **settings),
            infill=Infill(family=family),
            models=models or Models(),
        )
        engine = RemoteEngine(config, sleep)
        try:
            yield engine
        finally:
            await engine.close()

    return made
