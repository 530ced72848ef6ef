"""The way to a server elsewhere: its url, the key, certificates, and the session's name."""

import ipaddress
import secrets
import ssl
from urllib.parse import urlsplit

import httpx

from lsp_server.config import EngineSettings
from lsp_server.engine.http import HttpConnection
from lsp_server.engine.remote.key import Key
from lsp_server.errors import ConfigError

# The ports that the servers have unless told otherwise.
_USUAL = {
    "llama-server": "http://127.0.0.1:8080",
    "vllm": "http://127.0.0.1:8000",
    "ollama": "http://127.0.0.1:11434",
    "lm-studio": "http://127.0.0.1:1234",
    "text-generation-webui": "http://127.0.0.1:5000",
}
# Load balancers keep a session on one server by it, where its prompts are in the KV cache.
SESSION_HEADER = "X-Session-Id"
_CONNECT = 5.0


def url_of(settings: EngineSettings) -> str:
    """The server's address without a path's last `/v1`. Raises ConfigError."""
    url = settings.url.strip() or _USUAL.get(settings.kind, "")
    if not url:
        raise ConfigError(
            "engine.url: there is none, and engine.kind: openai has no usual place.",
            "Set it in your settings file, such as url: https://gpu.example.org/v1.",
        )
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"engine.url: {_without_password(url)} is no http:// or https:// url.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "engine.url: it has more in it than a place.",
            "A key is given by `codellama-lsp engine key` or CODELLAMA_API_KEY.",
        )
    return url.rstrip("/").removesuffix("/v1")


def connect(settings: EngineSettings, url: str, key: Key | None) -> HttpConnection:
    """A connection to the server. Certificates are checked against the system's authorities, or
    those of SSL_CERT_FILE; proxies are the environment's, except on this machine."""
    headers = {SESSION_HEADER: secrets.token_hex(16)}
    if key:
        headers["Authorization"] = f"Bearer {key.value}"
    client = httpx.AsyncClient(
        base_url=url,
        headers=headers,
        timeout=httpx.Timeout(settings.timeout, connect=min(_CONNECT, settings.timeout)),
        verify=ssl.create_default_context() if url.startswith("https:") else True,
        trust_env=not on_this_machine(url),
    )
    return HttpConnection(client, f"The server at {url}")


def on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_password(url: str) -> str:
    return url.rpartition("@")[2]
