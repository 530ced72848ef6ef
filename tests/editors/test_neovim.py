"""Neovim's own LSP client with editors/neovim/lsp/codellama.lua and nothing else of the plugin, the
real server and the real model."""

import ast
import json
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.editors.neovim import Neovim

pytestmark = pytest.mark.real_model
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

# What a person's init.lua has, and ears for the test: the end of loading, the menu of actions.
INIT = f"""
vim.env.PATH = {json.dumps(PATH)}
"""
INIT += """
vim.opt.completeopt = { 'menuone', 'noinsert', 'popup' }
vim.lsp.config('codellama', { init_options = { engine = { kind = 'in-process' } } })
vim.lsp.enable('codellama')
loaded, menu, choice = false, nil, nil
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event) loaded = loaded or event.data.params.value.kind == 'end' end,
})
function ghost_text()
  local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
  return vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, {})
end
vim.ui.select = function(items, options, on_choice)
  menu = vim.tbl_map(options.format_item, items)
  for index, title in ipairs(menu) do
    if choice and title:find(choice, 1, true) then on_choice(items[index], index) end
  end
end
"""

SOURCE = '''\
def mean(values: list[float]) -> float:
    """The arithmetic mean."""
    return sum(values) / len(value)


def largest(values: list[float]) -> float:
    """The largest of the values."""
    
'''


@pytest.fixture(scope="module")
def nvim(nvim_binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvim")
    (folder / "statistics.py").write_text(SOURCE)
    with closing(Neovim(nvim_binary, folder, INIT)) as nvim:
        nvim.type(":edit statistics.py<CR>")
        yield nvim


@pytest.fixture(autouse=True)
def fresh(nvim):
    nvim.wait_until("loaded", "the model was not loaded")
    nvim.type("<Esc>:lua menu, choice = nil, nil<CR>:edit! statistics.py<CR>")


def test_the_client_attaches(nvim):
    assert nvim.lua("#vim.lsp.get_clients({bufnr = 0, name = 'codellama'})") == 1


def test_a_completion_is_accepted_whole(nvim):
    if nvim.lua("vim.lsp.inline_completion ~= nil"):
        nvim.type("GA")
        nvim.wait_until("#ghost_text() > 0", "no ghost text")
        nvim.type("<Cmd>lua vim.lsp.inline_completion.get()<CR>")
        nvim.wait_until("vim.bo.modified", "nothing was accepted")
    else:
        nvim.type("GA<C-x><C-o>")
        nvim.wait_until("vim.fn.pumvisible() == 1", "no menu")
        nvim.type("<C-y>")
    nvim.type("<Esc>")
    ast.parse(nvim.text())
    assert "return max(values)" in nvim.text()


def test_the_menu_of_a_selection_has_all_actions(nvim):
    nvim.type("ggVjjgra")
    nvim.wait_until("menu", "no menu")
    assert {"Explain", "Fix", "Generate"} <= set(nvim.lua("menu"))


def test_a_fix_is_applied(nvim):
    nvim.type(":lua choice = 'Fix'<CR>ggVjjgra")
    nvim.wait_until("vim.bo.modified", "no edit came")
    ast.parse(nvim.text())
    assert "len(values)" in nvim.text()


def test_an_explanation_opens_as_a_page(nvim):
    nvim.type(":lua choice = 'Explain'<CR>ggVjjgra")
    nvim.wait_until("vim.bo.filetype == 'markdown'", "no page was shown")
    assert "mean" in nvim.text()
