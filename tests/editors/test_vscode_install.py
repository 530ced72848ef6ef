"""The server is missing or too old: what the person is told, and the installation into the
extension's own environment from the wheel that the .vsix carries. Only what the server stands on is
there already: llama.cpp would be compiled for minutes."""

import sys
import sysconfig
from contextlib import closing
from pathlib import Path

import pytest

import lsp_server
from tests.editors.debian import CannotInstall, write_script
from tests.editors.install import wanted
from tests.editors.vscode import ROOT, Place, built, code_server, play, without_error


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What someone saw who has an old server on PATH (vscode_install.js)."""
    editor, why_not = wanted("vscode")
    if editor is None:
        pytest.skip(f"vscode: {why_not}")
    try:
        vsix = built()
    except CannotInstall as error:
        pytest.skip(f"vscode: {error}")
    folder = tmp_path_factory.mktemp("vscode")
    with closing(Place(folder, editor, {})) as place:
        place.set()
        environment = {
            "PATH": f"{an_old_server(folder / 'old')}:{place.environment['PATH']}",
            "PYTHONPATH": str(libraries(folder / "libraries")),
            "PIP_NO_INDEX": "1",
        }
        with code_server(place, vsix, **environment) as url:
            seen = play(place, "vscode_install.js", f"{url}?folder={place.project}")
        (own,) = (folder / "user").glob("User/globalStorage/codellama-lsp.codellama-lsp/server")
        yield {**seen, "installed": (own / "bin" / "codellama-lsp").exists()}


def an_old_server(folder: Path) -> Path:
    """A folder of commands: a server that says it is 0.0.1, and Python."""
    folder.mkdir()
    old = "import lsp_server; lsp_server.__version__ = '0.0.1'; from lsp_server.cli import main; "
    write_script(
        folder / "codellama-lsp",
        f"cd '{ROOT}'; export PYTHONPATH='{ROOT}'",
        f'exec \'{sys.executable}\' -c "{old}main()" "$@"',
    )
    write_script(folder / "python3", f"exec '{sys.executable}' \"$@\"")
    return folder


def libraries(folder: Path) -> Path:
    """What is installed beside the server here, without the server."""
    folder.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "codellama" not in entry.name and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    return folder


def test_an_old_server_is_told_with_what_to_do(seen):
    text = without_error(seen["outdated"])["text"]
    assert f"this extension is made for {lsp_server.__version__}" in text


def test_the_server_is_installed_with_progress_and_then_the_model_is_offered(seen):
    assert "Download" in without_error(seen["install"])["buttons"]
    assert seen["installed"]


def test_the_walkthrough_leads_through_it(seen):
    steps = " ".join(without_error(seen["walkthrough"])["steps"])
    for step in ("Install the server", "Choose a model", "Type", "status bar"):
        assert step in steps


def test_a_path_that_leads_nowhere_is_told(seen):
    assert without_error(seen["wrongPath"])["buttons"] == ["Open Settings"]
