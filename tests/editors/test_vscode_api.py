"""The extension by the `vscode` API, inside a real VS Code: the tests themselves are in vscode_api.

Each file there is one window. What it checks is printed; a name that is printed as `ok` passed.
"""

import json
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.editors.debian import CannotInstall, write_script
from tests.editors.install import wanted
from tests.editors.vscode import MINUTES, Place, built, free_port, pictures, served, with_extension

HERE = Path(__file__).parent / "vscode_api"
SCRIPT = {"infills": ["return max(values)\n    # the largest"], "chats": ["It answers."]}
MODEL = {"codellama.models.infill": "of-the-workspace"}


@pytest.fixture
def place(tmp_path):
    folder, why_not = wanted("vscode")
    if folder is None:
        pytest.skip(f"vscode: {why_not}")
    try:
        built()
    except CannotInstall as error:
        pytest.skip(f"vscode: {error}")
    with closing(Place(tmp_path, folder, SCRIPT)) as place:
        yield place


def run_inside(place: Place, name: str, workspace: Path, **env: str) -> None:
    """Runs vscode_api/NAME.js in a window; fails with what it printed."""
    with_extension(place, built())
    port = free_port()
    code = place.editor / "node_modules" / "code-server" / "lib" / "vscode"
    server = [place.node, code / "out" / "server-main.js", "--host", "127.0.0.1"]
    server += ["--port", str(port), "--without-connection-token", "--disable-telemetry"]
    server += ["--accept-server-license-terms", "--enable-smoke-test-driver"]
    server += ["--extensions-dir", place.folder / "extensions"]
    server += ["--server-data-dir", place.folder / "user", "--user-data-dir", place.folder / "user"]
    task = {
        "playwright": str(place.editor / "node_modules" / "playwright-core"),
        "chromium": str(place.editor / "chromium"),
        "host": f"127.0.0.1:{port}",
        "extension": str(HERE / "python"),
        "tests": str(HERE / f"{name}.js"),
        "kind": "workspace" if workspace.suffix else "folder",
        "workspace": str(workspace),
        "pictures": str(pictures(place)),
        "name": name,
    }
    environment = {**place.environment, **env}
    with served(place, server, environment, f"http://127.0.0.1:{port}/version"):
        done = subprocess.run(
            [place.node, HERE / "open.js", json.dumps(task)],
            capture_output=True,
            text=True,
            timeout=5 * MINUTES,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "ok " in done.stdout


def test_in_a_trusted_workspace_of_two_folders(place):
    environment = place.folder / "environment" / "bin"
    environment.mkdir(parents=True)
    told = place.folder / "told"
    write_script(
        environment / "codellama-lsp",
        f'[ "$1" = serve ] || exec \'{place.server}\' "$@"',
        f"tee '{told}' | '{place.server}' \"$@\"",
    )
    for name in ("one", "two"):
        (place.project / name).mkdir()
        (place.project / name / "file.py").write_text("def f(values):\n    ")
    folders = [{"path": name} for name in ("one", "two")]
    workspace = place.project / "two.code-workspace"
    workspace.write_text(json.dumps({"folders": folders, "settings": MODEL}))
    (place.project / "environment").symlink_to(place.folder / "environment")
    place.set()
    known = {"CODELLAMA_TEST_SERVER": str(place.server), "CODELLAMA_TEST_TOLD": str(told)}
    run_inside(place, "trusted", workspace, **known)


def test_in_a_workspace_that_is_not_trusted(place):
    evil = place.project / ".venv" / "bin" / "codellama-lsp"
    evil.parent.mkdir(parents=True)
    write_script(evil, f"touch '{place.project / 'was-run'}'")
    (place.project / ".vscode").mkdir()
    settings = {**MODEL, "codellama.serverPath": str(evil)}
    (place.project / ".vscode" / "settings.json").write_text(json.dumps(settings))
    place.set(trust=False)
    path = f"{place.server.parent}:{place.environment['PATH']}"
    run_inside(place, "untrusted", place.project, PATH=path)
