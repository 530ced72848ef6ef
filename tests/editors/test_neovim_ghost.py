"""The Neovim plugin's suggestions on the screen and in the buffer; the server's part is played by
fake_server.lua, so that every moment can be chosen."""

import pytest

from tests.editors.neovim import FAKE_SERVER, lay_out

INIT = f"""
vim.keymap.set('i', '<C-t>', 'mapped before')
require('codellama').setup({{
  debounce_ms = 1,
  keys = {{ accept = '<Tab>', accept_word = '<C-t>' }},
}})
{FAKE_SERVER}
vim.keymap.set('i', '<C-l>', '<Plug>(codellama-accept-line)')
vim.keymap.set('i', '<C-n>', '<Plug>(codellama-next)')
vim.keymap.set('i', '<C-d>', '<Plug>(codellama-dismiss)')
vim.keymap.set('i', '<C-g>', '<Plug>(codellama-trigger)')
"""
VISIBLE = "require('codellama').visible()"


@pytest.fixture
def nvim(played):
    return played


def test_ghost_text_is_on_the_screen_and_not_in_the_buffer(nvim):
    lay_out(nvim, "def f():", "    ", "# end", suggest=(1, 4, "if x:\n        return 1"))
    nvim.type("jA")
    nvim.wait_for_screen("def f():\n    if x:\n        return 1\n# end")
    assert nvim.text() == "def f():\n    \n# end"


def test_accepted_whole_and_undone_in_one_step(nvim):
    lay_out(nvim, "def f():", "    ", suggest=(1, 5, "f x:\n        return 1"))
    nvim.type("jAi")
    nvim.wait_for_screen("    if x:\n        return 1")
    nvim.type("<Tab>")
    nvim.wait_for_text("def f():\n    if x:\n        return 1")
    nvim.type("!<Esc>u")
    nvim.wait_for_text("def f():\n    if x:\n        return 1")
    nvim.type("u")
    nvim.wait_for_text("def f():\n    i")
    nvim.type("u")
    nvim.wait_for_text("def f():\n    ")


def test_the_cursor_is_behind_what_was_accepted(nvim):
    lay_out(nvim, "", suggest=(0, 0, "a = 1\nb = 2"))
    nvim.type("i")
    nvim.wait_until(VISIBLE)
    nvim.type("<Tab>")
    nvim.wait_for_text("a = 1\nb = 2")
    assert nvim.lua("vim.api.nvim_win_get_cursor(0)") == [2, 5]


def test_word_by_word_the_rest_stays_on_the_screen(nvim):
    lay_out(nvim, "x = ", suggest=(0, 4, "größe(eins, 2)\ny = 3"))
    nvim.type("A")
    nvim.wait_until(VISIBLE)
    for expected in ["x = größe", "x = größe(", "x = größe(eins", "x = größe(eins,"]:
        nvim.type("<C-t>")
        nvim.wait_for_text(expected)
        nvim.wait_for_screen("x = größe(eins, 2)\ny = 3")
    assert nvim.lua("#server.requests") == 1


def test_line_by_line(nvim):
    lay_out(nvim, "", suggest=(0, 0, "one\n  two\nthree"))
    nvim.type("i")
    nvim.wait_until(VISIBLE)
    for expected in ["one", "one\n  two", "one\n  two\nthree"]:
        nvim.type("<C-l>")
        nvim.wait_for_text(expected)
    assert not nvim.lua(VISIBLE)


def test_columns_are_right_beside_multi_byte_text(nvim):
    lay_out(nvim, "s = 'é😀' + ()", suggest=(0, 13, "größe)", 1))
    nvim.type("$i")
    nvim.wait_until("#server.requests == 1")
    assert nvim.lua("server.requests[1].position.character") == 13
    nvim.wait_for_screen("s = 'é😀' + (größe)")
    nvim.type("<Tab>")
    nvim.wait_for_text("s = 'é😀' + (größe)")


def test_tabs_are_shown_as_wide_as_they_are_and_written_as_tabs(nvim):
    lay_out(nvim, "if x:", "\t", suggest=(1, 1, "while y:\n\t\tz()\tw"))
    nvim.type(":setlocal noexpandtab tabstop=4<CR>jA")
    nvim.wait_for_screen("    while y:\n        z() w")
    nvim.type("<Tab>")
    nvim.wait_for_text("if x:\n\twhile y:\n\t\tz()\tw")


def test_closers_that_are_there_already_are_not_shown_twice(nvim):
    lay_out(nvim, "f(g())", suggest=(0, 4, "1)", 1))
    nvim.type("0f)i")
    nvim.wait_for_screen("f(g(1))")
    nvim.type("<Tab>")
    nvim.wait_for_text("f(g(1))")


def test_what_stands_behind_moves_below_a_suggestion_of_several_lines(nvim):
    lay_out(nvim, "f() + 1", suggest=(0, 2, "\n  a,\n)", 1))
    nvim.type("0f)i")
    nvim.wait_for_screen("f(\n  a,\n) + 1")
    nvim.type("<Tab>")
    nvim.wait_for_text("f(\n  a,\n) + 1")


def test_typing_what_is_suggested_keeps_it(nvim):
    lay_out(nvim, "", suggest=(0, 0, "return 1"))
    nvim.type("i")
    nvim.wait_for_screen("return 1")
    nvim.type("ret")
    nvim.wait_for_text("ret")
    nvim.wait_for_screen("return 1")
    assert nvim.lua("#server.requests") == 1
    nvim.type("<Tab>")
    nvim.wait_for_text("return 1")


def test_typing_anything_else_asks_again(nvim):
    lay_out(nvim, "", suggest=(0, 0, "return 1"))
    nvim.type("i")
    nvim.wait_for_screen("return 1")
    nvim.type("x")
    nvim.wait_for_gone("return 1")
    nvim.wait_until("#server.requests == 2")


@pytest.mark.parametrize("keys", ["<Left>", "<Esc>", "<Up>"])
def test_moving_or_leaving_hides_it(nvim, keys):
    lay_out(nvim, "one", "two", suggest=(1, 3, " = three"))
    nvim.type("jA")
    nvim.wait_for_screen("two = three")
    nvim.type(keys)
    nvim.wait_for_gone("three")
    assert nvim.text() == "one\ntwo"


@pytest.mark.parametrize("keys", ["<Left>", "<Esc>", "x"])
def test_moving_leaving_and_typing_cancel_what_is_under_way(nvim, keys):
    lay_out(nvim, "one", suggest=(0, 3, " = late"))
    nvim.lua("(function() server.hold = true end)()")
    nvim.type("A")
    nvim.wait_until("#server.held == 1")
    nvim.type(keys)
    nvim.wait_until("server.cancelled == 1")
    nvim.lua("server.release(1)")
    assert not nvim.lua(VISIBLE)


def test_a_late_reply_is_never_shown(nvim):
    """Nothing was typed, so nothing was cancelled, but the text is not what it was."""
    lay_out(nvim, "one", "two", suggest=(0, 3, " = late"))
    nvim.lua("(function() server.hold = true end)()")
    nvim.type("A")
    nvim.wait_until("#server.held == 1")
    visible = nvim.lua(
        "(function() vim.api.nvim_buf_set_lines(0, 1, 2, false, {'2'}) server.release(1) "
        f"return {VISIBLE} end)()"
    )
    assert visible is False


def test_a_reply_in_time_is_shown(nvim):
    """The test above without the change."""
    lay_out(nvim, "one", "two", suggest=(0, 3, " = in time"))
    nvim.lua("(function() server.hold = true end)()")
    nvim.type("A")
    nvim.wait_until("#server.held == 1")
    assert nvim.lua(f"(function() server.release(1) return {VISIBLE} end)()") is True


def test_next_shows_the_other_one(nvim):
    lay_out(nvim, "", suggest=(0, 0, "first"))
    nvim.lua("table.insert(server.items, server.item(0, 0, 'second'))")
    nvim.type("i")
    nvim.wait_for_screen("first")
    nvim.type("<C-n>")
    nvim.wait_for_screen("second")
    nvim.type("<C-n>")
    nvim.wait_for_screen("first")


def test_next_asks_for_more_where_there_is_one(nvim):
    """While one types the server gives one suggestion, and several when it is asked."""
    lay_out(nvim, "", suggest=(0, 0, "first"))
    nvim.type("i")
    nvim.wait_for_screen("first")
    nvim.lua("table.insert(server.items, server.item(0, 0, 'second'))")
    nvim.type("<C-n>")
    nvim.wait_for_screen("second")
    assert nvim.lua("server.requests[2].context.triggerKind") == 1
    nvim.type("<C-n>")
    nvim.wait_for_screen("first")
    assert nvim.lua("#server.requests") == 2


def test_the_server_is_told_what_was_accepted(nvim):
    lay_out(nvim, "x = ", suggest=(0, 4, "one + two"))
    nvim.lua(
        "(function() server.items[1].command = "
        "{ title = '', command = 'codellama.accepted', arguments = { 7 } } end)()"
    )
    nvim.type("A")
    nvim.wait_until(VISIBLE)
    nvim.type("<C-t>")
    nvim.wait_for_text("x = one")
    nvim.type("<Tab>")
    nvim.wait_for_text("x = one + two")
    nvim.wait_until("#server.commands == 2")
    told = nvim.lua("vim.tbl_map(function(told) return told.arguments end, server.commands)")
    assert told == [[7, "word"], [7]]


def test_parts_are_undone_one_by_one(nvim):
    lay_out(nvim, "", suggest=(0, 0, "one two\nthree"))
    nvim.type("i")
    nvim.wait_until(VISIBLE)
    nvim.type("<C-t>")
    nvim.wait_for_text("one")
    nvim.type("<C-l>")
    nvim.wait_for_text("one two")
    nvim.type("<Esc>u")
    nvim.wait_for_text("one")
    nvim.type("u")
    nvim.wait_for_text("")


def test_dismissed_and_asked_for_again(nvim):
    lay_out(nvim, "", suggest=(0, 0, "return 1"))
    nvim.type("i")
    nvim.wait_for_screen("return 1")
    nvim.type("<C-d>")
    nvim.wait_for_gone("return 1")
    nvim.type("<C-g>")
    nvim.wait_for_screen("return 1")
    assert nvim.lua("server.requests[2].context.triggerKind") == 1


def test_switched_off_it_asks_only_when_triggered(nvim):
    lay_out(nvim, "", suggest=(0, 1, "return 1"))
    nvim.type(":CodeLlama toggle<CR>ix")
    nvim.wait_for_text("x")
    nvim.type("<C-g>")
    nvim.wait_for_screen("xreturn 1")
    assert nvim.lua("#server.requests") == 1
    nvim.type("<Esc>:CodeLlama toggle<CR>")
    nvim.wait_until("require('codellama.config').current.automatic")


def test_without_a_suggestion_a_key_does_what_it_did(nvim):
    nvim.type("ia<Tab><C-t>")
    nvim.wait_for_text("a   mapped before")


def test_the_menu_hides_it(nvim):
    lay_out(nvim, "word", "w", suggest=(1, 1, "!ghost"))
    nvim.type("jA")
    nvim.wait_for_screen("w!ghost")
    nvim.type("<C-p>")
    nvim.wait_until("vim.fn.pumvisible() == 1 or vim.api.nvim_get_current_line() == 'word'")
    nvim.wait_for_gone("ghost")
