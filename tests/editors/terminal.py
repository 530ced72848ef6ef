"""A program in a terminal of its own (tmux): keys go in, the screen is read."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SECONDS = 30
ROWS, COLUMNS = 30, 100


class Terminal:
    """A terminal in which `command` runs; `close` ends both."""

    def __init__(
        self, tmux: Path, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        # A unix socket's path may have about a hundred characters; a test's folder is too long.
        self._sockets = tempfile.TemporaryDirectory(prefix="cl")
        self._tmux = [str(tmux), "-S", f"{self._sockets.name}/tmux", "-f", os.devnull]
        self._environment = {**os.environ, **environment}
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        self._run("new-session", "-d", *size, "-c", str(folder), *command)
        self._run("set-option", "-g", "remain-on-exit", "on")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._tmux, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: `Enter`, `Escape`, `C-x`, or a single character."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def wait_for_screen(self, *parts: str) -> None:
        """Until all parts are on the screen at once."""
        self.wait_until(
            lambda: all(part in self.screen() for part in parts),
            lambda: f"not all of {parts} on the screen:\n{self.screen()}",
        )

    def wait_for_gone(self, part: str) -> None:
        self.wait_until(
            lambda: part not in self.screen(), lambda: f"{part!r} stays:\n{self.screen()}"
        )

    def wait_until(self, holds: Callable[[], bool], problem: Callable[[], str]) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, problem()
            time.sleep(0.05)  # a look costs the program time that it needs to get there

    def close(self) -> None:
        self._run("kill-server")
        self._sockets.cleanup()
