"""Which engine the settings ask for."""

from lsp_server.config import Config
from lsp_server.engine.protocol import Engine


def make_engine(config: Config) -> Engine:
    """The engine of `engine.kind`; it begins to load its models at once."""
    if config.engine.kind == "shared":
        from lsp_server.engine.shared.engine import SharedEngine

        return SharedEngine(config)
    if config.engine.elsewhere:
        from lsp_server.engine.remote.engine import RemoteEngine

        return RemoteEngine(config)
    return make_in_process_engine(config)


def make_in_process_engine(config: Config) -> Engine:
    """llama.cpp in this process."""
    from lsp_server.engine.llama.engine import LlamaEngine

    return LlamaEngine(config.models, config.engine, config.infill.family)
