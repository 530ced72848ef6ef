"""A real Neovim with the configuration of editors/neovim, the real server and the real model.

Runs where `nvim` (0.11 or later) is on the PATH or named by CODELLAMA_TEST_NVIM. Neovim runs
without a screen and is spoken to over its own socket, so keys are typed as a person types them.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("codellama-lsp")
NVIM = os.environ.get("CODELLAMA_TEST_NVIM") or shutil.which("nvim")
WAIT_MS = 60_000

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.skipif(
        NVIM is None, reason="no nvim on the PATH, and CODELLAMA_TEST_NVIM does not name one"
    ),
]

# What a person's init.lua has, and ears for the test: the end of loading, the menu of actions.
INIT = """
vim.opt.runtimepath:prepend({config})
vim.opt.swapfile = false
vim.opt.completeopt = {{ 'menuone', 'noinsert', 'popup' }}
vim.lsp.enable('codellama')
loaded, menu, choice = false, nil, nil
vim.api.nvim_create_autocmd('VimEnter', {{
  callback = function() io.stdout:write('ready\\n') io.stdout:flush() end,
}})
vim.api.nvim_create_autocmd('LspProgress', {{
  callback = function(event) loaded = loaded or event.data.params.value.kind == 'end' end,
}})
function ghost_text()
  local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
  return vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, {{}})
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


class Neovim:
    """A running Neovim: `type` keys, ask with `lua`."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "nvim.sock"
        init = folder / "init.lua"
        init.write_text(INIT.format(config=json.dumps(str(ROOT / "editors" / "neovim"))))
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]]),
            **{f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE")},
        }
        command = [NVIM, "--clean", "--headless", "--listen", self._socket, "-u", init]
        self._process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout.readline() == "ready\n"

    def _remote(self, *arguments: str) -> str:
        command = [str(NVIM), "--server", str(self._socket), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
        return done.stdout

    def type(self, keys: str) -> None:
        self._remote("--remote-send", keys)

    def lua(self, expression: str) -> object:
        escaped = f"vim.json.encode(({expression}))".replace("'", "''")
        return json.loads(self._remote("--remote-expr", f"luaeval('{escaped}')"))

    def wait_until(self, condition: str) -> bool:
        """Whether the Lua expression became true in time; Neovim goes on working meanwhile."""
        return bool(self.lua(f"vim.wait({WAIT_MS}, function() return {condition} end, 20)"))

    def text(self) -> str:
        lines = self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)")
        return "".join(f"{line}\n" for line in lines)

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def nvim(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvim")
    (folder / "statistics.py").write_text(SOURCE)
    with closing(Neovim(folder)) as nvim:
        nvim.type(":edit statistics.py<CR>")
        yield nvim


@pytest.fixture(autouse=True)
def fresh(nvim):
    assert nvim.wait_until("loaded"), "the model was not loaded"
    nvim.type("<Esc>:lua menu, choice = nil, nil<CR>:edit! statistics.py<CR>")


def test_the_client_attaches(nvim):
    assert nvim.lua("#vim.lsp.get_clients({bufnr = 0, name = 'codellama'})") == 1


def test_a_completion_is_accepted_whole(nvim):
    if nvim.lua("vim.lsp.inline_completion ~= nil"):
        nvim.type("GA")
        assert nvim.wait_until("#ghost_text() > 0"), "no ghost text"
        nvim.type("<Cmd>lua vim.lsp.inline_completion.get()<CR>")
        assert nvim.wait_until("vim.bo.modified"), "nothing was accepted"
    else:
        nvim.type("GA<C-x><C-o>")
        assert nvim.wait_until("vim.fn.pumvisible() == 1"), "no menu"
        nvim.type("<C-y>")
    nvim.type("<Esc>")
    ast.parse(nvim.text())
    assert "return max(values)" in nvim.text()


def test_the_menu_of_a_selection_has_all_actions(nvim):
    nvim.type("ggVjjgra")
    assert nvim.wait_until("menu"), "no menu"
    assert sorted(nvim.lua("menu")) == ["Explain", "Fix", "Generate"]


def test_a_fix_is_applied(nvim):
    nvim.type(":lua choice = 'Fix'<CR>ggVjjgra")
    assert nvim.wait_until("vim.bo.modified"), "no edit came"
    ast.parse(nvim.text())
    assert "len(values)" in nvim.text()


def test_an_explanation_opens_as_a_page(nvim):
    nvim.type(":lua choice = 'Explain'<CR>ggVjjgra")
    assert nvim.wait_until("vim.bo.filetype == 'markdown'"), "no page was shown"
    assert "mean" in nvim.text()
