"""The Lua files are as luacheck and StyLua want them, and these do find what is wrong."""

import pytest

from tests.editors import lua
from tests.editors.install import wanted


@pytest.fixture(scope="module")
def tools():
    folder, why_not = wanted("lua")
    if folder is None:
        pytest.skip(f"luacheck and StyLua: {why_not}")
    return folder


def test_luacheck_warns_of_nothing(tools):
    assert lua.luacheck(tools) == []


def test_the_files_are_formatted(tools):
    assert lua.stylua(tools) == [], "python -m tests.editors.lua --write"


def test_what_is_wrong_is_found(tools, tmp_path, monkeypatch):
    bad = tmp_path / "bad.lua"
    bad.write_text('local unused = "x"\nundefined( )\n')
    monkeypatch.setattr(lua, "FILES", [bad])
    warnings = "\n".join(lua.luacheck(tools))
    assert "unused variable" in warnings
    assert "undefined" in warnings
    assert lua.stylua(tools, write=True) == [str(bad)]
    assert bad.read_text() == "local unused = 'x'\nundefined()\n"
