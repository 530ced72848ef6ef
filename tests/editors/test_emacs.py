"""Emacs with eglot, without any plugin of ours, with the configuration that docs/editors/emacs.md
gives: completions as completion items, code actions, commands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.editors.debian import write_script
from tests.editors.install import wanted
from tests.editors.neovim import ROOT

SOURCE = "def answer():\n    return 4\n\n\ndef largest(values):\n    retu"
SCRIPT = {
    "infills": ["rn max(values)"],
    "chats": [
        "It answers forty-two.",
        "```python\ndef answer():\n    return 42\n```",
        "```python\ndef answer():\n    return 43\n```",
    ],
}
PAGE = ROOT / "docs" / "editors" / "emacs.md"


@pytest.fixture(scope="module", params=["emacs-28", "emacs-30"])
def seen(request, tmp_path_factory) -> dict[str, str]:
    """What a person saw after each step: the buffer's text, or what was shown."""
    emacs, why_not = wanted(request.param)
    if emacs is None:
        pytest.skip(f"{request.param}: {why_not}")
    folder = tmp_path_factory.mktemp("emacs")
    (folder / "file.py").write_text(SOURCE)
    (folder / "script.yaml").write_text(yaml.safe_dump(SCRIPT))
    (folder / "config.yaml").write_text("engine: {kind: in-process}\n")
    (folder / "init.el").write_text(
        "\n".join(re.findall(r"```elisp\n(.*?)```", PAGE.read_text(), re.DOTALL))
    )
    (folder / "bin").mkdir()
    write_script(
        folder / "bin" / "codellama-lsp",
        f"exec '{sys.executable}' -m lsp_server \"$@\" --double '{folder}/script.yaml'",
    )
    environment = {
        **os.environ,
        "HOME": str(folder),
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "CODELLAMA_LSP_CONFIG": str(folder / "config.yaml"),
        "PYTHONPATH": str(ROOT),
    }
    person = Path(__file__).with_name("person.el")
    done = subprocess.run(
        [emacs / "emacs", "--batch", "--quick", "--load", person],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {step["step"]: step["text"] for step in steps}


def test_eglot_attaches(seen):
    assert seen["attached"] == "yes"


def test_a_completion_is_an_entry_of_the_menu(seen):
    assert seen["completed"].endswith("    return max(values)")


def test_an_explanation_is_shown(seen):
    assert "It answers forty-two." in seen["explained"]


def test_a_code_action_edits(seen):
    assert seen["fixed"].startswith("def answer():\n    return 42\n")


def test_a_command_of_ones_own_edits(seen):
    assert seen["fixed again"].startswith("def answer():\n    return 43\n")
