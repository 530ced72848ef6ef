"""Debian packages as folders: fetched with apt and unpacked, the system left as it is; and how the
installers here run commands."""

import re
import shutil
import subprocess
from pathlib import Path

COMMAND_SECONDS = 900


class CannotInstall(Exception):
    """This machine can't have the editor; the text says why."""


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
        *("install", "--reinstall", *names),
    )
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        run("dpkg-deb", "-x", package, folder / "root")
    shutil.rmtree(apt)


def start_script(path: Path, root: Path, program: str, *lines: str, options: str = "") -> None:
    """A script that starts a program of another suite, with that suite's own loader and libraries.
    `program` is relative to `root`, `options` are shell words that go before the arguments."""
    loader = next(root.glob("usr/lib/*/ld-linux*.so.*"), None)
    if loader is None:
        raise CannotInstall("the unpacked C library has no loader")
    start = f"exec '{loader}' --library-path '{loader.parent}' '{root}/{program}'"
    write_script(path, *lines, f'{start} {options} "$@"')


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
    """Raises CannotInstall where the command fails or does not end."""
    print("+", *command, flush=True)
    try:
        subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotInstall(f"{command[0]} failed: {error}") from error


def write_script(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
