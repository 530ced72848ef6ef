"""The machine and the settings that models are measured against."""

from types import ModuleType

from lsp_server.config import Config
from lsp_server.errors import EngineError
from lsp_server.models.fit import Machine


def llama_devices() -> ModuleType:
    """engine/llama/devices.py.

    Raises EngineError where llama.cpp can't be loaded, as where a driver's library is missing.
    """
    import importlib

    try:
        return importlib.import_module("lsp_server.engine.llama.devices")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EngineError(
            f"llama.cpp can't be loaded: {reason}",
            "Install llama-cpp-python anew; `codellama-lsp doctor` shows how.",
        ) from error


def this_machine() -> Machine:
    """What llama.cpp can compute on here, and the main memory that is free."""
    import psutil

    try:
        devices = llama_devices().offload_devices()
    except EngineError:
        devices = []
    return Machine(devices, psutil.virtual_memory().available)


def config_or_default() -> Config:
    """The user's settings; the defaults where they are wrong, which other commands say."""
    from lsp_server.cli.engine_session import user_config
    from lsp_server.errors import ConfigError

    try:
        return user_config()
    except ConfigError:
        return Config()
