"""Emacs with eglot, without any plugin of ours: completions as completion items, code actions."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.editors.install import wanted
from tests.editors.neovim import ROOT, SERVER

SOURCE = "def answer():\n    return 4\n\n\ndef largest(values):\n    retu"
SCRIPT = {
    "infills": ["rn max(values)"],
    "chats": ["```python\ndef answer():\n    return 42\n```"],
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict[str, str]:
    """The buffer's text after each step."""
    emacs, why_not = wanted("emacs")
    if emacs is None:
        pytest.skip(f"emacs: {why_not}")
    folder = tmp_path_factory.mktemp("emacs")
    (folder / "file.py").write_text(SOURCE)
    (folder / "script.yaml").write_text(yaml.safe_dump(SCRIPT))
    (folder / "config.yaml").write_text("engine: {kind: in-process}\n")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "CODELLAMA_LSP_CONFIG": str(folder / "config.yaml"),
        "PYTHONPATH": str(ROOT),
        "SERVER": json.dumps([*SERVER, "--double", str(folder / "script.yaml")]),
    }
    person = Path(__file__).with_name("person.el")
    done = subprocess.run(
        [emacs / "emacs", "--batch", "--quick", "--load", person],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {step["step"]: step["text"] for step in steps}


def test_eglot_attaches(seen):
    assert seen["attached"] == "yes"


def test_a_completion_is_an_entry_of_the_menu(seen):
    assert seen["completed"].endswith("    return max(values)")


def test_a_code_action_edits(seen):
    assert seen["fixed"].startswith("def answer():\n    return 42\n")
