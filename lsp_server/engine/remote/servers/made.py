"""Which server a kind is."""

from lsp_server.config import Config
from lsp_server.engine.http import HttpConnection
from lsp_server.engine.remote.servers.llama_server import LlamaServer
from lsp_server.engine.remote.servers.lm_studio import LmStudio
from lsp_server.engine.remote.servers.ollama import Ollama
from lsp_server.engine.remote.servers.openai import OpenAiServer
from lsp_server.engine.remote.servers.own import OwnEngine
from lsp_server.engine.remote.servers.vllm import Vllm
from lsp_server.engine.remote.servers.webui import TextGenerationWebui

_KINDS: dict[str, type[OpenAiServer]] = {
    "llama-server": LlamaServer,
    "vllm": Vllm,
    "ollama": Ollama,
    "lm-studio": LmStudio,
    "text-generation-webui": TextGenerationWebui,
    "openai": OpenAiServer,
}


async def server_for(http: HttpConnection, config: Config) -> OpenAiServer:
    """The server, not asked yet; where llama-server is expected our own engine serves too.

    Raises EngineError where nothing answers.
    """
    kind = _KINDS[config.engine.kind]
    if kind is LlamaServer and "infill_model" in await http.json("GET", "/props"):
        kind = OwnEngine
    return kind(http, config)
