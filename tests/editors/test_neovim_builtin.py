"""Neovim 0.12's vim.lsp.inline_completion governs the plugin: an init.lua that was written for it,
as in :help lsp-inline_completion, does what it says. The server's part is fake_server.lua's."""

import json
from contextlib import closing

import pytest

from tests.editors.neovim import FAKE_SERVER, Neovim, lay_out

BUILTIN = "vim.lsp.inline_completion"
INIT = f"""
require('codellama').setup({{ debounce_ms = 1 }})
{FAKE_SERVER}
vim.keymap.set('i', '<Tab>', function()
  if not {BUILTIN}.get() then
    return '<Tab>'
  end
end, {{ expr = true }})
vim.keymap.set('i', '<C-n>', function() {BUILTIN}.select() end)
vim.keymap.set('i', '<C-p>', function() {BUILTIN}.select({{ count = -1 }}) end)
"""
OURS = "{ client_id = vim.lsp.get_clients({ bufnr = 0, name = 'codellama' })[1].id }"
HERE = "{ bufnr = 0 }"
FOR_ALL = ""
BY_ITSELF = (
    "vim.api.nvim_create_autocmd('LspAttach', { callback = function(event) "
    f"{BUILTIN}.enable(true, {{ bufnr = event.buf }}) end }})\n"
)
COUNT_WHO_ASKS = """(function()
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'codellama' })[1]
  local request, counted = client.request, asked ~= nil
  asked = 0
  if counted then return end
  client.request = function(self, method, ...)
    asked = asked + (method == 'textDocument/inlineCompletion' and 1 or 0)
    return request(self, method, ...)
  end
end)()"""


@pytest.fixture(scope="module")
def nvim_binary(nvim_0_12):
    return nvim_0_12


@pytest.fixture
def nvim(played):
    enable(played, True)
    enable(played, True, OURS)
    return played


def enable(nvim: Neovim, on: bool, where: str = FOR_ALL) -> None:
    nvim.lua(f"{BUILTIN}.enable({json.dumps(on)}{where and ', ' + where})")


def is_enabled(nvim: Neovim, where: str = FOR_ALL) -> bool:
    return nvim.lua(f"{BUILTIN}.is_enabled({where})")


def suggested(nvim: Neovim, *texts: str) -> None:
    lay_out(nvim, "", suggest=(0, 0, texts[0]))
    for text in texts[1:]:
        nvim.lua(f"table.insert(server.items, server.item(0, 0, {json.dumps(text)}))")
    nvim.type("i")
    nvim.wait_for_screen(texts[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{BUILTIN}.enable()\n", ""),
        ("", f"{BUILTIN}.enable()\n"),
        (BY_ITSELF, ""),
        ("", f"{BUILTIN}.enable(false) {BUILTIN}.enable()\n"),
    ],
)
def test_there_is_one_ghost_wherever_it_was_switched_on(nvim_0_12, tmp_path, before, after):
    with closing(Neovim(nvim_0_12, tmp_path, before + INIT + after)) as nvim:
        nvim.open_for_server()
        is_drawn_once(nvim)


@pytest.mark.parametrize("where", [FOR_ALL, HERE, OURS])
def test_there_is_one_ghost_when_it_is_switched_on_later(nvim, where):
    enable(nvim, True, where)
    is_drawn_once(nvim)


def test_there_is_one_ghost_of_a_server_that_was_started_again(nvim):
    nvim.lua("(function() asked = nil end)()")
    nvim.type("<Esc>:CodeLlama stop<CR>")
    nvim.wait_until("#vim.lsp.get_clients() == 0")
    nvim.type(":CodeLlama start<CR>")
    nvim.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1")
    is_drawn_once(nvim)


def is_drawn_once(nvim: Neovim) -> None:
    """Also when Neovim's own has asked, 200 ms after the plugin."""
    nvim.lua(COUNT_WHO_ASKS)
    suggested(nvim, "return 1")
    nvim.wait_until("asked == 2", "Neovim's own did not ask")
    assert nvim.lua("#server.requests") == 1
    assert nvim.screen().splitlines()[0] == "return 1"


def test_only_requests_for_suggestions_are_kept_from_the_server(nvim):
    client = "vim.lsp.get_clients({ bufnr = 0, name = 'codellama' })[1]"
    own = f"{client}:request('textDocument/inlineCompletion', {{}}, function() end)"
    assert nvim.lua(f"({own})") is False
    assert nvim.lua(f"({client}:request('x/y', {{}}, function() x_y = true end))")
    assert nvim.lua("x_y")


def test_set_up_it_is_enabled(nvim_0_12, tmp_path):
    with closing(Neovim(nvim_0_12, tmp_path, INIT)) as nvim:
        nvim.open_for_server()
        assert is_enabled(nvim)
        assert is_enabled(nvim, HERE)
        assert is_enabled(nvim, OURS)


@pytest.mark.parametrize("where", [FOR_ALL, HERE, OURS])
def test_switched_off_nothing_is_asked_and_what_is_shown_goes(nvim, where):
    suggested(nvim, "return 1")
    enable(nvim, False, where)
    nvim.wait_for_gone("return 1")
    assert not is_enabled(nvim, HERE if where == FOR_ALL else where)
    nvim.type("x")
    nvim.wait_for_text("x")
    nvim.lua("require('codellama').trigger()")
    nvim.wait_until("#server.requests == 2")
    assert nvim.lua("server.requests[2].context.triggerKind") == 1


@pytest.mark.parametrize("where", [FOR_ALL, HERE, OURS])
def test_switched_on_while_one_types_it_asks(nvim, where):
    enable(nvim, False, where)
    lay_out(nvim, "", suggest=(0, 1, " = 1"))
    nvim.type("ix")
    nvim.wait_for_text("x")
    enable(nvim, True, where)
    nvim.wait_for_screen("x = 1")
    assert nvim.lua("#server.requests") == 1


def test_off_in_a_buffer_it_is_on_in_others(nvim):
    enable(nvim, False, HERE)
    nvim.type(":edit other.py<CR>")
    nvim.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1")
    assert is_enabled(nvim, HERE)
    suggested(nvim, "return 1")


def test_off_for_the_server_it_stays_off_in_files_that_are_switched_on(nvim):
    enable(nvim, False, OURS)
    enable(nvim, True, HERE)
    assert not is_enabled(nvim, "{ bufnr = 0, client_id = " + OURS.removeprefix("{ client_id = "))


def test_toggle_is_the_same_switch(nvim):
    nvim.type(":CodeLlama toggle<CR>")
    nvim.wait_until(f"not {BUILTIN}.is_enabled({OURS})")
    nvim.type(":CodeLlama toggle<CR>")
    nvim.wait_until(f"{BUILTIN}.is_enabled({OURS})")
    enable(nvim, False)
    nvim.wait_until("not require('codellama.switch').is_on(vim.api.nvim_get_current_buf())")
    nvim.type(":CodeLlama toggle<CR>")
    nvim.wait_until(f"{BUILTIN}.is_enabled({HERE})")


def test_what_is_said_of_other_servers_is_theirs(nvim):
    enable(nvim, False, "{ client_id = 4242 }")
    assert is_enabled(nvim, OURS)


def test_a_tab_made_for_it_accepts(nvim):
    suggested(nvim, "return 1")
    nvim.type("<Tab>")
    nvim.wait_for_text("return 1")
    nvim.type("<Esc>u")
    nvim.wait_for_text("")


def test_without_a_suggestion_that_tab_is_a_tab(nvim):
    lay_out(nvim, "", suggest=(5, 0, ""))
    nvim.type("ia<Tab>b")
    nvim.wait_for_text("a   b")


def test_select_goes_forth_and_back(nvim):
    suggested(nvim, "first", "second", "third")
    for key, text in [("<C-n>", "second"), ("<C-n>", "third"), ("<C-n>", "first")]:
        nvim.type(key)
        nvim.wait_for_screen(text)
    for key, text in [("<C-p>", "third"), ("<C-p>", "second")]:
        nvim.type(key)
        nvim.wait_for_screen(text)
    nvim.lua(f"{BUILTIN}.select({{ count = 9, wrap = false }})")
    nvim.wait_for_screen("third")
    nvim.type("th")
    nvim.wait_for_text("th")
    nvim.wait_for_screen("third")
    nvim.type("<Tab>")
    nvim.wait_for_text("third")


def accept_through(nvim: Neovim, on_accept: str) -> None:
    nvim.lua(f"{BUILTIN}.get({{ on_accept = function(item) {on_accept} end }})")


def test_on_accept_may_change_the_text(nvim):
    suggested(nvim, "return 1")
    accept_through(nvim, "item.insert_text = 'yield 2' return item")
    nvim.wait_for_text("yield 2")


def test_of_what_on_accept_shortens_the_rest_stays(nvim):
    suggested(nvim, "return 1\nelse")
    accept_through(nvim, "item.insert_text = item.insert_text:match('^%w+') return item")
    nvim.wait_for_text("return")
    nvim.wait_for_screen("return 1\nelse")
    assert nvim.lua("#server.requests") == 1


def test_on_accept_may_write_itself(nvim):
    """As it is often written to take a word: by the item's range."""
    lay_out(nvim, "f()", suggest=(0, 2, "größe, 2)", 1))
    nvim.type("0f)i")
    nvim.wait_for_screen("f(größe, 2)")
    accept_through(
        nvim,
        "local row, first, last_row, last = item.range:to_extmark() "
        "local word = item.insert_text:sub(1, 2) .. ')' "
        "vim.api.nvim_buf_set_text(item.range.buf, row, first, last_row, last, { word })",
    )
    nvim.wait_for_text("f(gr)")


def test_on_accept_may_make_a_snippet_of_it(nvim):
    suggested(nvim, "return 1")
    accept_through(nvim, "item.insert_text = { kind = 'snippet', value = 'a$1b$0' } return item")
    nvim.wait_for_text("ab")
    nvim.type("x")
    nvim.wait_for_text("axb")
    nvim.lua("vim.snippet.stop()")


def test_a_later_neovim_without_it_is_left_alone(nvim_0_12, tmp_path):
    without = f"{BUILTIN}.get, {BUILTIN}.select = nil, nil\n"
    with closing(Neovim(nvim_0_12, tmp_path, without + INIT)) as nvim:
        assert nvim.lua(f"{BUILTIN}.get == nil and {BUILTIN}.select == nil")
        nvim.open_for_server()
        suggested(nvim, "return 1")
        nvim.type("<Plug>(codellama-accept)")
        nvim.wait_for_text("return 1")
