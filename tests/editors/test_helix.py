"""Helix in a terminal, with the configuration that docs/editors/helix.md gives: completions as
completion items, code actions, commands."""

import re
import sys
from contextlib import closing

import pytest
import yaml

from tests.editors.debian import write_script
from tests.editors.install import wanted
from tests.editors.neovim import ROOT
from tests.editors.terminal import Terminal

SOURCE = "def answer():\n    return 4\n\n\ndef largest(values):\n    \n"
ANSWER = "```python\ndef answer():\n    return 42\n```"
SEVERAL_LINES = "for value in values:\n        yield f'${value}'"
PAGE = ROOT / "docs" / "editors" / "helix.md"


@pytest.fixture
def helix(request, tmp_path):
    """Helix when the model is loaded. The parameter is the suggestion."""
    folder, why_not = wanted("helix")
    if folder is None:
        pytest.skip(f"helix: {why_not}")
    languages, _settings, keys = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    configuration = tmp_path / "config" / "helix"
    configuration.mkdir(parents=True)
    (configuration / "languages.toml").write_text(languages)
    (configuration / "config.toml").write_text(keys)
    (tmp_path / "file.py").write_text(SOURCE)
    script = {"infills": [getattr(request, "param", "urn max(values)")], "chats": [ANSWER]}
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
    (tmp_path / "engine.yaml").write_text("engine: {kind: in-process}\n")
    (tmp_path / "bin").mkdir()
    write_script(
        tmp_path / "bin" / "codellama-lsp",
        f"exec '{sys.executable}' -m lsp_server \"$@\" --double '{tmp_path}/script.yaml'",
    )
    environment = {
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "TERM": "xterm-256color",
        "SHELL": "/bin/sh",
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "CODELLAMA_LSP_CONFIG": str(tmp_path / "engine.yaml"),
        "PYTHONPATH": str(ROOT),
    }
    log = tmp_path / "helix.log"
    command = [str(folder / "hx"), "-v", "--log", str(log), "file.py"]
    with closing(Terminal(folder / "tmux", command, tmp_path, environment)) as terminal:
        terminal.wait_until(
            lambda: log.exists() and '"kind": "end"' in log.read_text(),
            lambda: f"the model was not loaded:\n{log.read_text()}\n{terminal.screen()}",
        )
        yield terminal


def saved(helix, folder) -> str:
    helix.press("Escape")
    helix.type(":write")
    helix.press("Enter")
    helix.wait_for_screen("written")
    return (folder / "file.py").read_text()


def select_the_function(helix) -> None:
    helix.press("g", "g", "x", "x")
    helix.wait_for_screen("2:13")


def test_a_suggestion_is_an_entry_of_the_menu(helix, tmp_path):
    helix.press("g", "e", "A")
    helix.type("ret")
    helix.wait_for_screen("return max(values)", " text")
    helix.press("C-n", "Enter")
    helix.wait_for_gone(" text")
    assert saved(helix, tmp_path) == SOURCE.replace("    \n", "    return max(values)\n")


@pytest.mark.parametrize("helix", [SEVERAL_LINES], indirect=True)
def test_a_suggestion_of_several_lines_on_a_blank_line(helix, tmp_path):
    helix.press("g", "e", "A", "C-x")
    helix.wait_for_screen("for value in values:", " text")
    helix.press("C-n", "Enter")
    helix.wait_for_gone(" text")
    assert saved(helix, tmp_path) == SOURCE.replace("    \n", f"    {SEVERAL_LINES}\n")


def test_a_code_action_edits(helix, tmp_path):
    select_the_function(helix)
    helix.press("Space", "a")
    helix.wait_for_screen("Fix", "Explain", "Generate")
    helix.press("Enter")
    helix.wait_for_screen("return 42")
    assert saved(helix, tmp_path) == SOURCE.replace("return 4", "return 42")


def test_an_explanation_opens(helix):
    select_the_function(helix)
    helix.press("Space", "a")
    helix.wait_for_screen("Explain")
    helix.press("Up", "Up", "Enter")
    helix.wait_for_screen("# Explain", "return 42")


def test_a_key_runs_a_command(helix, tmp_path):
    select_the_function(helix)
    helix.press("Space", "l", "f")
    helix.wait_for_screen("return 42")
    assert saved(helix, tmp_path) == SOURCE.replace("return 4", "return 42")
