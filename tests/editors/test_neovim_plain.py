"""Neovim 0.12's own inline completion, by `vim.lsp.config` and nothing of the plugin: that it works
with the server, and what it does for which the plugin draws its own ghost text (ARCHITECTURE.md).
Where that fails with a later Neovim, it is to be decided again."""

import json
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.editors.neovim import FAKE_SERVER, SERVER, Neovim

GHOST = (
    "vim.api.nvim_buf_get_extmarks(0, "
    "vim.api.nvim_create_namespace('nvim.lsp.inline_completion'), 0, -1, {})"
)
ENABLE = "vim.lsp.enable('codellama') vim.lsp.inline_completion.enable()\n"


def running(binary: Path, folder: Path, init: str):
    nvim = Neovim(binary, folder, init, plugin=False)
    nvim.type(":edit file.py<CR>")
    nvim.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1", "the server is not attached")
    return closing(nvim)


@pytest.fixture(scope="module")
def fake(nvim_0_12, tmp_path_factory):
    """With a server that the test plays."""
    init = FAKE_SERVER + ENABLE
    with running(nvim_0_12, tmp_path_factory.mktemp("nvim"), init) as nvim:
        yield nvim


def test_a_suggestion_is_shown_and_accepted(nvim_0_12, tmp_path):
    (tmp_path / "file.py").write_text("def largest(values):\n    \n")
    (tmp_path / "script.yaml").write_text(yaml.safe_dump({"infills": ["return max(values)"]}))
    command = json.dumps([*SERVER, "--double", str(tmp_path / "script.yaml")])
    init = (
        f"vim.lsp.config('codellama', {{ cmd = vim.json.decode([=[{command}]=]), "
        "init_options = { engine = { kind = 'in-process' } } })\n"
        "loaded = false\n"
        "vim.api.nvim_create_autocmd('LspProgress', { callback = function(event) "
        "loaded = loaded or event.data.params.value.kind == 'end' end })\n"
    )
    with running(nvim_0_12, tmp_path, init + ENABLE) as nvim:
        nvim.wait_until("loaded")
        nvim.type("GA")
        nvim.wait_for_screen("    return max(values)")
        nvim.lua("vim.lsp.inline_completion.get()")
        nvim.wait_for_text("def largest(values):\n    return max(values)")


def test_it_shows_a_late_answer_over_a_newer_text(fake):
    fake.lua(
        "(function() server.hold, server.items = true, { server.item(0, 1, ' = late') } end)()"
    )
    fake.type("<Esc>:%d<CR>ix")
    fake.wait_until("#server.held == 1")
    fake.type("<CR>y")
    fake.wait_for_text("x\ny")
    fake.lua("server.release(1)")
    assert len(fake.lua(GHOST)) == 1


def test_it_keeps_an_old_suggestion_when_the_answer_is_null(fake):
    fake.lua("(function() server.hold, server.items = false, { server.item(0, 0, 'old') } end)()")
    fake.type("<Esc>:%d<CR>i")
    fake.wait_for_screen("old")
    fake.lua("(function() server.items = nil end)()")
    answered = fake.lua("#server.held")
    fake.type("o")
    fake.wait_until(f"#server.held > {answered}")
    assert len(fake.lua(GHOST)) == 1
