"""luacheck and StyLua over the Lua of the Neovim plugin and its tests.

python -m tests.editors.lua            says what they find, as `make lint-lua` does
python -m tests.editors.lua --write    formats the files
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.editors.debian import CannotInstall
from tests.editors.install import install

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "editors" / "neovim"
FILES = sorted([*PLUGIN.rglob("*.lua"), *Path(__file__).parent.glob("*.lua")])


def luacheck(tools: Path) -> list[str]:
    """What luacheck warns of."""
    config = ("--config", str(PLUGIN / ".luacheckrc"), "--quiet", "--no-color", "--codes")
    done = subprocess.run(
        [tools / "luacheck", *config, "--formatter", "plain", *FILES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return (done.stdout + done.stderr).splitlines()


def stylua(tools: Path, write: bool = False) -> list[str]:
    """The files that are not as StyLua writes them; with `write` they are then."""
    task = {
        "package": str(tools / "node_modules" / "@johnnymorganz" / "stylua"),
        "config": tomllib.loads((PLUGIN / ".stylua.toml").read_text()),
        "files": [str(path) for path in FILES],
        "write": write,
    }
    script = Path(__file__).with_name("stylua.mjs")
    done = subprocess.run(
        ["node", script, json.dumps(task)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def main() -> int:
    try:
        tools = install("lua")
    except CannotInstall as error:
        print(f"The Lua files are not checked: {error}", file=sys.stderr)
        return 0
    write = "--write" in sys.argv[1:]
    formatted = [f"{path}: {'formatted' if write else 'format'}" for path in stylua(tools, write)]
    warnings = luacheck(tools)
    print("\n".join([*formatted, *warnings, f"luacheck and StyLua have read {len(FILES)} files"]))
    return int(bool(warnings or (formatted and not write)))


if __name__ == "__main__":
    sys.exit(main())
