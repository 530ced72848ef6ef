"""The plugin beside blink.cmp and nvim-cmp, with what :help codellama-others says to write.

No package registry has them. So by default a stand-in binds Tab as each of them does, by its
documentation: buffer-local, after everybody else, with a fallback to the map that was there. The
real ones are used where CODELLAMA_TEST_PLUGINS names a folder with checkouts of nvim-cmp and
blink.cmp: tried with nvim-cmp a1d5048 and blink.cmp 1.10.2 (version 2 needs blink.lib beside it).
"""

import os
import re
from contextlib import closing
from pathlib import Path

import pytest

from tests.editors.neovim import FAKE_SERVER, PLUGIN, Neovim

HELP = (PLUGIN / "doc" / "codellama.txt").read_text(encoding="utf-8")
BLINK, CMP = re.findall(r">lua\n((?:    .*\n|\n)+)<?", HELP.split("*codellama-others*")[1])
PLUGINS = os.environ.get("CODELLAMA_TEST_PLUGINS", "")

# Tab as both bind it: when insert mode begins, for the buffer, over what was there.
BIND = """
local function bind(run)
  vim.api.nvim_create_autocmd('InsertEnter', { callback = function()
    vim.keymap.set('i', '<Tab>', function()
      local falls_back = false
      run(function() falls_back = true end)
      return falls_back and '<Tab>' or ''
    end, { buffer = 0, expr = true })
  end })
end
"""
SETUP = {
    "blink.cmp stand-in": f"""{BIND}
local options = {{ {BLINK} }}
bind(function(fallback)
  local menu = {{ select_next = function() return false end, fallback = fallback }}
  for _, command in ipairs(options.keymap['<Tab>']) do
    if (menu[command] or command)() then return end
  end
end)
""",
    "nvim-cmp stand-in": f"""{BIND}
local cmp = {{ mapping = function(run) return run end }}
local mapping = {{ {CMP} }}
bind(mapping['<Tab>'])
""",
    "blink.cmp": f"""
vim.opt.runtimepath:append({{ '{PLUGINS}/blink.lib', '{PLUGINS}/blink.cmp' }})
require('blink.cmp').setup({{
  fuzzy = {{ implementation = 'lua' }},
  sources = {{ default = {{ 'buffer' }} }},
  {BLINK}
}})
""",
    "nvim-cmp": f"""
vim.opt.runtimepath:append('{PLUGINS}/nvim-cmp')
vim.cmd.runtime('plugin/cmp.lua')
local cmp = require('cmp')
cmp.setup({{ mapping = {{ {CMP} }}, sources = {{}} }})
""",
}
INIT = f"""
require('codellama').setup({{ debounce_ms = 1 }})
{FAKE_SERVER}
"""


@pytest.fixture(scope="module", params=SETUP)
def nvim(request, nvim_binary, tmp_path_factory):
    if (
        "stand-in" not in request.param
        and not (Path(PLUGINS or "/dev/null") / request.param).is_dir()
    ):
        pytest.skip(f"CODELLAMA_TEST_PLUGINS names no folder with {request.param}")
    folder = tmp_path_factory.mktemp("nvim")
    with closing(Neovim(nvim_binary, folder, INIT + SETUP[request.param])) as nvim:
        nvim.type(":edit file.py<CR>")
        nvim.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1", "the server is not attached")
        yield nvim


@pytest.fixture(autouse=True)
def fresh(nvim):
    nvim.type("<Esc>:%d<CR>")
    nvim.wait_for_text("")


def test_tab_takes_the_suggestion(nvim):
    nvim.lua("(function() server.items = { server.item(0, 0, 'return 1') } end)()")
    nvim.type("i")
    nvim.wait_for_screen("return 1")
    nvim.type("<Tab>")
    nvim.wait_for_text("return 1")


def test_without_a_suggestion_tab_is_the_other_plugins(nvim):
    nvim.lua("(function() server.items = {} end)()")
    nvim.type("ia<Tab>b")
    nvim.wait_for_text("a   b")
