"""The Neovim plugin with the real server; what the model says is scripted."""

import json
from contextlib import closing
from shutil import copytree

import pytest
import yaml

from tests.editors.neovim import PLUGIN, SERVER, Neovim

SOURCE = "def answer():\n    return 4\n\n\ndef largest(values):\n    \n"
FIXED = "def answer():\n    return 42"
SCRIPT = {"infills": ["return max(values)"], "chats": [f"```python\n{FIXED}\n```"]}
READY = "require('codellama').statusline() == 'Code Llama: ready'"


@pytest.fixture(scope="module")
def running(nvim_binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvim")
    (folder / "file.py").write_text(SOURCE)
    (folder / "script.yaml").write_text(yaml.safe_dump(SCRIPT))
    command = [*SERVER, "--double", str(folder / "script.yaml")]
    quoted = ", ".join(json.dumps(part) for part in command)
    settings = "{ engine = { kind = 'in-process' } }"
    init = f"require('codellama').setup({{ cmd = {{ {quoted} }}, settings = {settings} }})\n"
    with closing(Neovim(nvim_binary, folder, init)) as nvim:
        nvim.type(":edit file.py<CR>")
        yield nvim


@pytest.fixture
def nvim(running):
    running.wait_until(READY, "the server did not get ready")
    running.type("<Esc>:silent only!<CR>:edit! file.py<CR>")
    running.wait_for_text(SOURCE.removesuffix("\n"))
    return running


def test_a_completion_is_shown_and_accepted(nvim):
    nvim.type("GA")
    nvim.wait_for_screen("    return max(values)")
    nvim.type("<Plug>(codellama-accept)")
    nvim.wait_until("vim.api.nvim_get_current_line() == '    return max(values)'")


@pytest.mark.parametrize("keys", [":1,2CodeLlama fix<CR>", ":CodeLlama fix<CR>"])
def test_fix_edits_the_lines(nvim, keys):
    nvim.type("gg" + keys)
    nvim.wait_until("vim.fn.getline(2) == '    return 42'")


def test_generate_takes_an_instruction(nvim):
    nvim.type("gg:1,2CodeLlama generate answer everything<CR>")
    nvim.wait_until("vim.bo.modified")
    assert "return 42" in nvim.text()


def test_code_actions_are_neovims_own(nvim):
    nvim.lua(
        "(function() vim.ui.select = function(items, options, choose) for _, item in ipairs(items) "
        "do if options.format_item(item):find('Fix') then choose(item) end end end end)()"
    )
    nvim.type("ggVjgra")
    nvim.wait_until("vim.fn.getline(2) == '    return 42'")


def test_an_explanation_opens_beside_the_code(nvim):
    nvim.type("gg:1,2CodeLlama explain<CR>")
    nvim.wait_until("vim.bo.filetype == 'markdown'", "no page was shown")
    nvim.wait_until("table.concat(vim.fn.getline(1, '$')):find('return 42')")
    assert nvim.lua("#vim.api.nvim_tabpage_list_wins(0)") == 2
    assert nvim.lua("vim.bo.modifiable or vim.bo.buflisted and vim.bo.buftype == ''") is False
    nvim.type("<C-w>p:1,2CodeLlama explain<CR>")
    nvim.wait_until("vim.bo.filetype == 'markdown'")
    assert nvim.lua("#vim.api.nvim_tabpage_list_wins(0)") == 2


def test_a_page_grows_and_its_last_piece_is_the_whole(nvim):
    pieces = [("# T\n", False), ("one ", False), ("two", False), ("# T\n\nthree", True)]
    seen = []
    for text, done in pieces:
        piece = json.dumps({"id": "x", "title": "T", "markdown": text, "done": done})
        nvim.lua(f"require('codellama.page').on_page(nil, vim.json.decode([[{piece}]]))")
        seen.append(nvim.text())
    assert seen == ["# T\n", "# T\none ", "# T\none two", "# T\n\nthree"]


def test_a_page_that_was_closed_stays_closed(nvim):
    page = "require('codellama.page').on_page(nil, { id = 'y', title = 'Y', markdown = 'z', done = "
    nvim.lua(page + "false })")
    nvim.type(":quit<CR>")
    nvim.wait_until("vim.bo.filetype == 'python'")
    nvim.lua(page + "true })")
    assert nvim.lua("vim.bo.filetype") == "python"


def health(nvim) -> str:
    nvim.type(":checkhealth codellama<CR>")
    nvim.wait_until("vim.bo.filetype == 'checkhealth' and #vim.fn.getline(1, '$') > 5")
    report = nvim.text()
    nvim.type(":bwipe<CR>")
    return report


@pytest.mark.real_model  # that it is on the machine
def test_health_is_clean(nvim):
    report = health(nvim)
    assert "ERROR" not in report
    assert "WARNING" not in report
    assert "the server runs; its engine is ready, with " in report
    for told in ["Neovim 0.", "version 0.", "model: infill", "engine: socket", "settings: "]:
        assert told in report


def test_health_tells_of_a_command_that_is_not_there(nvim):
    cmd = "require('codellama.config').current.cmd"
    before = json.dumps(nvim.lua(cmd))
    nvim.lua(f"(function() {cmd} = {{ 'no-such-command', 'serve' }} end)()")
    report = health(nvim)
    nvim.lua(f"(function() {cmd} = vim.json.decode([=[{before}]=]) end)()")
    assert "no-such-command is not a command" in report


def test_health_tells_of_a_model_that_is_not_there(nvim, tmp_path):
    nvim.lua(f"vim.fn.setenv('XDG_CACHE_HOME', '{tmp_path}')")
    report = health(nvim)
    nvim.lua("vim.fn.setenv('XDG_CACHE_HOME', vim.NIL)")
    assert "ERROR model: infill and instruct: The model" in report
    assert "models pull" in report


def test_help_has_every_option(nvim, tmp_path):
    copytree(PLUGIN / "doc", tmp_path / "doc")
    nvim.type(f":set rtp+={tmp_path}<CR>:helptags {tmp_path}/doc<CR>:help codellama<CR>")
    nvim.wait_until("vim.bo.filetype == 'help'")
    options = nvim.lua("vim.tbl_keys(require('codellama.config').current)")
    missing = [name for name in options if f"*codellama-{name}*" not in nvim.text()]
    assert not missing


def test_stopped_and_started(nvim):
    nvim.type(":CodeLlama stop<CR>")
    nvim.wait_until("#vim.lsp.get_clients() == 0")
    nvim.wait_until("require('codellama').statusline() == ''")
    nvim.type(":CodeLlama start<CR>")
    nvim.wait_until(READY)
    nvim.type(":CodeLlama status<CR>")
    nvim.wait_for_screen("Code Llama: ready (")


def test_the_statusline_tells_what_the_server_does(nvim):
    tell = "require('codellama.status').on_status(nil, vim.json.decode([[%s]]), { client_id = 1 })"
    line = "require('codellama.status').words(require('codellama.status').get())"
    client = "vim.lsp.get_clients({ name = 'codellama' })[1].id"
    seen = []
    for state, percentage in [("loading", 40), ("loading", None), ("gone", None), ("ready", None)]:
        status = {"state": state, "model": "m", "percentage": percentage, "message": None}
        nvim.lua((tell % json.dumps(status)).replace("client_id = 1", f"client_id = {client}"))
        seen.append(nvim.lua(line))
    nvim.lua("require('codellama').toggle()")
    seen.append(nvim.lua(line))
    nvim.lua("require('codellama').toggle()")
    assert seen == ["loading 40%", "loading", "gone", "ready", "off"]


def test_nothing_is_bound_without_being_asked(nvim):
    bound = nvim.lua(
        "vim.tbl_filter(function(map) return (map.desc or ''):find('^Code Llama') and "
        "not map.lhs:find('^<Plug>') end, vim.api.nvim_get_keymap('i'))"
    )
    assert bound == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{ debounce = 5 }", "debounce is no option"),
        ("{ page = 'window' }", "page must be 'split', 'vsplit' or 'tab', not \"window\""),
        ("{ keys = { acept = '<Tab>' } }", "keys.acept is no option"),
        ("{ cmd = 'codellama-lsp' }", "cmd must be a list of strings"),
        ("5", "setup needs a table"),
    ],
)
def test_what_is_wrong_with_options_is_named(nvim, options, said):
    problems = nvim.lua(f"require('codellama.config').problems({options})")
    assert len(problems) == 1
    assert said in problems[0]
