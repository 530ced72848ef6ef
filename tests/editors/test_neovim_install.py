"""The plugin installed as editors/neovim/README.md says: by vim.pack out of a git repository, and
as a package of Neovim's own."""

import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.editors.neovim import FAKE_SERVER, PLUGIN, Neovim

README = (PLUGIN / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with the plugin where it is in ours."""
    if shutil.which("git") is None:
        pytest.skip("git is needed")
    folder = tmp_path / "origin" / "codellama-lsp"
    shutil.copytree(PLUGIN, folder / "editors" / "neovim")
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    for command in (["init", "-b", "main"], ["add", "."], [*who, "commit", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


def is_whole(nvim: Neovim) -> None:
    """The command, the maps, the help and a suggestion are there."""
    nvim.lua(FAKE_SERVER)
    assert nvim.lua("vim.fn.exists(':CodeLlama')") == 2
    assert nvim.lua("vim.fn.maparg('<Plug>(codellama-accept)', 'i') ~= ''")
    assert nvim.lua("#vim.fn.getcompletion('codellama-options', 'help')") == 1
    nvim.type(":edit file.py<CR>")
    nvim.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1", "the server is not attached")
    nvim.lua("(function() server.items = { server.item(0, 0, 'return 1') } end)()")
    nvim.type("i")
    nvim.wait_for_screen("return 1")
    nvim.type("<Tab>")
    nvim.wait_for_text("return 1")


def test_by_vim_pack(nvim_0_12, repository, tmp_path):
    (init,) = re.findall(r"```lua\n(vim\.pack\.add.*?)```", README, re.DOTALL)
    # Installing asks whether it may; a person says yes.
    says_yes = "vim.fn.confirm = function() return 1 end\n"
    init = says_yes + init.replace("https://example.org/codellama-lsp.git", repository.as_uri())
    with closing(Neovim(nvim_0_12, tmp_path, init, plugin=False)) as nvim:
        is_whole(nvim)


def test_as_a_package(nvim_binary, tmp_path):
    place = tmp_path / "DATA" / "nvim" / "site" / "pack" / "ai" / "start"
    place.mkdir(parents=True)
    (place / "codellama").symlink_to(PLUGIN)
    init = (
        "vim.opt.packpath:prepend(vim.fn.stdpath('data') .. '/site')\n"  # not with --clean
        "vim.cmd.packloadall()\n"
        "require('codellama').setup({ keys = { accept = '<Tab>' } })\n"
    )
    with closing(Neovim(nvim_binary, tmp_path, init, plugin=False)) as nvim:
        is_whole(nvim)


def test_the_tags_of_the_help_are_those_of_its_text(nvim_binary, tmp_path):
    """They are part of the repository: a manager that knows only the root makes none."""
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")
    (tmp_path / "doc" / "tags").unlink()
    command = [nvim_binary, "--clean", "--headless", "+helptags doc", "+quit"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    made = (tmp_path / "doc" / "tags").read_text()
    assert (PLUGIN / "doc" / "tags").read_text() == made, "run :helptags editors/neovim/doc"
