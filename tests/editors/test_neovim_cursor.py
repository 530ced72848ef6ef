"""The plugin tells where the cursor rests and what was yanked. The server is fake_server.lua."""

import pytest

from tests.editors.neovim import FAKE_SERVER

INIT = f"""
require('codellama').setup({{ debounce_ms = 1 }})
{FAKE_SERVER}
"""
LATEST = "server.cursors[#server.cursors]"


@pytest.fixture
def nvim(running):
    running.open_for_server()
    running.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, {'one = 1', 'zwö = 2', 'x'})")
    running.wait_until("#server.cursors > 0", "opening a file was not told")
    running.lua("server.reset()")
    return running


def test_where_the_cursor_comes_to_rest_is_told_once(nvim):
    nvim.type("gg0jjk$")
    nvim.wait_until(f"#server.cursors > 0 and {LATEST}.position.line == 1", "it was not told")
    told = nvim.lua(LATEST)
    assert told["position"] == {"line": 1, "character": 6}
    assert told["textDocument"]["uri"].endswith("/file.py")
    assert nvim.lua("#server.cursors") == 1


def test_typing_asks_and_tells_nothing(nvim):
    nvim.type("gg0")
    nvim.wait_until("#server.cursors == 1", "moving was not told")
    nvim.type("A + 1")
    nvim.wait_until("#server.requests > 0", "nothing was asked")
    assert nvim.lua("#server.cursors") <= 2  # entering insert mode moves the cursor
    assert nvim.lua(f"{LATEST}.position.character") <= 7


def test_what_is_yanked_is_told_and_what_is_deleted_is_not(nvim):
    nvim.type("ggjdd")
    nvim.type("ggyj")
    nvim.wait_until("#server.copied > 0", "it was not told")
    [told] = nvim.lua("server.copied")
    assert told["textDocument"]["uri"].endswith("/file.py")
    assert [told["range"][end]["line"] for end in ("start", "end")] == [0, 2]
