"""Neovim, the server and the shared engine: three real processes, the last one killed."""

import json
import os
import signal
from contextlib import closing

import pytest
import yaml

from tests.editors.neovim import SERVER, Neovim


@pytest.fixture
def nvim(nvim_binary, tmp_path):
    (tmp_path / "file.py").write_text("x = \n")
    (tmp_path / "script.yaml").write_text(yaml.safe_dump({"infills": ["forty_two"]}))
    command = [*SERVER, "--double", str(tmp_path / "script.yaml")]
    quoted = ", ".join(json.dumps(part) for part in command)
    settings = "{ engine = { kind = 'shared', keep_alive = 0 } }"
    init = f"require('codellama').setup({{ cmd = {{ {quoted} }}, settings = {settings} }})\n"
    with closing(Neovim(nvim_binary, tmp_path, init)) as nvim:
        nvim.type(":edit file.py<CR>")
        nvim.wait_until("require('codellama').statusline() == 'Code Llama: ready'")
        yield nvim
        nvim.type("<Esc>:qall!<CR>")
        nvim.wait_until_ended()


def engine_of(nvim: Neovim) -> int:
    (state,) = nvim.runtime.glob("codellama-lsp/engine-*.json")
    return json.loads(state.read_text())["pid"]


def test_a_killed_engine_is_back_for_the_next_suggestion(nvim):
    nvim.type("A")
    nvim.wait_for_screen("x = forty_two")
    killed = engine_of(nvim)
    os.kill(killed, signal.SIGKILL)
    nvim.wait_until("require('codellama').statusline() == 'Code Llama: gone'")
    nvim.type("<Esc>A(")
    nvim.wait_for_screen("x = (forty_two")
    nvim.wait_until("require('codellama').statusline() == 'Code Llama: ready'")
    assert engine_of(nvim) != killed
