"""An engine for the length of one command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lsp_server.config import Config
from lsp_server.config_sources import merge, read_file, user_config_path
from lsp_server.engine.protocol import Engine


def user_config() -> Config:
    """The user's settings. Raises ConfigError."""
    return merge(read_file(user_config_path()))


@asynccontextmanager
async def engine_for(config: Config) -> AsyncIterator[Engine]:
    """The engine of the settings, loaded while the body runs. Raises ModelError."""
    from lsp_server.engine.make import make_engine

    engine = make_engine(config)
    try:
        await engine.ready()
        yield engine
    finally:
        await engine.close()
