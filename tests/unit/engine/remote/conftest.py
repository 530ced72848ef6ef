"""Engines elsewhere, asked without waiting between tries."""

from contextlib import asynccontextmanager

import attrs
import pytest

from lsp_server.config import Config, EngineSettings, Infill, Models
from lsp_server.engine.remote import engine as remote
from lsp_server.engine.remote.engine import RemoteEngine


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    """Whoever runs the tests keeps his keys."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.delenv("CODELLAMA_API_KEY", raising=False)


@pytest.fixture
def pauses(monkeypatch):
    """The seconds that were waited between tries; nothing waits."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr(remote.asyncio, "sleep", sleep)
    return waited


@pytest.fixture
def engine_at(pauses):
    """`async with engine_at(url, kind)`: an engine for settings."""

    @asynccontextmanager
    async def made(url, kind="openai", *, family="auto", models=None, **settings):
        config = attrs.evolve(
            Config(),
            engine=EngineSettings(kind=kind, url=url, **settings),
            infill=Infill(family=family),
            models=models or Models(),
        )
        engine = RemoteEngine(config)
        try:
            yield engine
        finally:
            await engine.close()

    return made
