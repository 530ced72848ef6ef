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
        storage = folder / "user" / "User" / "globalStorage" / "codellama-lsp.codellama-lsp"
        own = storage / "server"
        hanging = folder / "hanging"
        paths = {
            "commands": an_old_server(folder / "commands"),
            "laidOut": laid_out(folder / "laid-out", hanging),
            "hanging": hanging,
            "own": own,
        }
        environment = {
            "PATH": str(paths["commands"]),
            "PYTHONPATH": str(libraries(folder / "libraries")),
            "PIP_NO_INDEX": "1",
        }
        with code_server(place, vsix, **environment) as url:
            told = {name: str(path) for name, path in paths.items()}
            seen = play(place, "vscode_install.js", f"{url}?folder={place.project}", **told)
        yield {**seen, "installed": (own / "bin" / "codellama-lsp").exists()}


def an_old_server(folder: Path) -> Path:
    """A folder of commands, all that there are: a server that says it is 0.0.1."""
    folder.mkdir()
    old = "import lsp_server; lsp_server.__version__ = '0.0.1'; from lsp_server.cli import main; "
    write_script(
        folder / "codellama-lsp",
        f"cd '{ROOT}'; export PYTHONPATH='{ROOT}'",
        f'exec \'{sys.executable}\' -c "{old}main()" "$@"',
    )
    return folder


def laid_out(folder: Path, hanging: Path) -> Path:
    """What the story puts on PATH: Pythons that are whole, too old, without what environments are
    made by, and one that begins an environment and hangs, in a process of its own whose number is
    then in `hanging`."""
    folder.mkdir()
    python = f"exec '{sys.executable}'"
    write_script(folder / "python", f'{python} "$@"')
    run_with = f"{python} -c '{{}}; exec(sys.argv[2])' \"$@\""  # of `python3 -c CODE`
    write_script(
        folder / "python-3.10",
        run_with.format("import sys; sys.version_info = (3, 10)"),
    )
    without = 'found.find_spec = lambda name: None if name == "ensurepip" else found'
    write_script(
        folder / "python-without-venv",
        run_with.format(f"import sys, importlib.util as found; {without}"),
    )
    write_script(
        folder / "python-that-hangs",
        f'[ "$2" = venv ] || {python} "$@"',
        '/bin/mkdir -p "$4"',
        f"/bin/sh -c 'echo $$ > \"{hanging}\"; exec /bin/sleep 300'",
    )
    write_script(folder / "compiler", "exit 1")
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


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("noPython", "Install it (python.org, or sudo apt install python3 python3-venv)."),
        ("oldPython", "Python 3.11 or later was not found."),
        ("noVenv", "can't make environments. On Debian and Ubuntu: sudo apt install python3-venv."),
        ("noCompiler", "A C++ compiler is needed and was not found. Install one: "),
    ],
)
def test_what_is_missing_is_told_with_what_to_do_and_can_be_tried_again(seen, step, told):
    assert told in without_error(seen[step])["text"]
    assert "Install" in seen[step]["buttons"]


def test_a_cancelled_installation_leaves_nothing_on_the_disk_and_nothing_that_runs(seen):
    cancelled = without_error(seen["cancelled"])
    assert cancelled["begun"]
    assert not cancelled["left"]


def test_the_server_is_installed_with_progress_and_then_the_model_is_offered(seen):
    assert "Download" in without_error(seen["install"])["buttons"]
    assert seen["installed"]


def test_the_walkthrough_leads_through_it(seen):
    steps = " ".join(without_error(seen["walkthrough"])["steps"])
    for step in ("Install the server", "Choose a model", "Type", "status bar"):
        assert step in steps


def test_a_path_that_leads_nowhere_is_told(seen):
    assert without_error(seen["wrongPath"])["buttons"] == ["Open Settings"]
