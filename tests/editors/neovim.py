"""A real Neovim in a terminal of its own, so that it draws; spoken to over a socket of its own.

Keys are typed as a person types them, and what is on the screen is read from Neovim's own grid.
"""

import fcntl
import json
import os
import pty
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "editors" / "neovim"
SERVER = [sys.executable, "-m", "lsp_server", "serve"]
# A server inside Neovim, which a test plays: its table is the global `server`.
FAKE_SERVER = f"vim.cmd.source({json.dumps(str(Path(__file__).with_name('fake_server.lua')))})\n"
SECONDS = 30
ROWS, COLUMNS = 30, 100

# Answers each line that comes over the socket, {"keys": ...} or {"lua": ...}, with a line.
LISTEN = """
vim.opt.swapfile = false
vim.opt.shortmess:append('IcsF')
local listener = vim.uv.new_pipe()
listener:bind({socket} .. '.new')
listener:listen(1, function()
  local peer, unread = vim.uv.new_pipe(), ''
  listener:accept(peer)
  local function answer(...)
    peer:write(vim.json.encode({{ ... }}) .. '\\n')
  end
  peer:read_start(function(_, data)
    unread = unread .. (data or '')
    for line in unread:gmatch('(.-)\\n') do
      local request = vim.json.decode(line)
      if request.keys then
        vim.api.nvim_input(request.keys)
        answer(true, vim.NIL)
      else
        vim.schedule(function()
          local ok, result = pcall(loadstring('return ' .. request.lua))
          answer(ok, result == nil and vim.NIL or result)
        end)
      end
    end
    unread = unread:match('[^\\n]*$')
  end)
end)
-- Nobody is heard before the person's init.lua is through.
vim.api.nvim_create_autocmd('VimEnter', {{ callback = function()
  assert(vim.uv.fs_rename({socket} .. '.new', {socket}))
end }})
"""


class Neovim:
    """A running Neovim: `type` keys, ask with `lua`, look at the `screen`."""

    def __init__(self, binary: Path, folder: Path, init: str, plugin: bool = True) -> None:
        """`init` is the person's init.lua; with `plugin` the plugin's folder is known to it."""
        self._binary = binary
        # A unix socket's path may have about a hundred characters; a test's folder is too long.
        self._runtime = tempfile.TemporaryDirectory(prefix="cl")
        self.runtime = Path(self._runtime.name)
        self._remote = self.runtime / "nvim.sock"
        environment = {
            **os.environ,
            **{f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE")},
            "XDG_RUNTIME_DIR": str(self.runtime),
            "TERM": "xterm-256color",
            "CODELLAMA_LSP_CONFIG": str(folder / "no-config.yaml"),
            "PYTHONPATH": str(ROOT),
        }
        path, own = folder / "init.lua", self.runtime / "test.sock"
        listen = LISTEN.format(socket=json.dumps(str(own)))
        found = f"vim.opt.runtimepath:prepend({json.dumps(str(PLUGIN))})\n" if plugin else ""
        path.write_text(listen + found + init, encoding="utf-8")
        command = [str(binary), "--clean", "--headless", "--listen", str(self._remote), "-u", path]
        self._errors = (folder / "errors").open("wb")
        self._process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stderr=self._errors
        )
        try:
            self._until(lambda: own.exists() and self._remote.exists(), "Neovim did not start")
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(SECONDS)
            connection.connect(str(own))
            self._connection = connection.makefile("rw", encoding="utf-8")
            self._attach_a_screen(environment)
            assert self.lua("vim.v.errmsg") == ""
        except BaseException:
            self._process.kill()  # and the screen ends with it
            raise

    def _attach_a_screen(self, environment: dict[str, str]) -> None:
        """A user interface in a terminal, in a process of its own as a remote one is."""
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._screen = subprocess.Popen(
            [str(self._binary), "--clean", "--server", str(self._remote), "--remote-ui"],
            env=environment,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        threading.Thread(target=self._drain, daemon=True).start()
        self.wait_until("#vim.api.nvim_list_uis() == 1", "no screen was attached")

    def _drain(self) -> None:
        """A terminal that nobody reads would block Neovim."""
        try:
            while os.read(self._terminal, 65536):
                pass
        except OSError:
            pass

    def _ask(self, **request: str) -> object:
        self._connection.write(json.dumps(request) + "\n")
        self._connection.flush()
        ok, result = json.loads(self._connection.readline())
        assert ok, result
        return result

    def type(self, keys: str) -> None:
        self._ask(keys=keys)

    def lua(self, expression: str) -> object:
        return self._ask(lua=expression)

    def open_for_server(self) -> None:
        """A new file and nothing else, with the server attached."""
        self.type("<Esc>:enew! | silent! %bwipe!<CR>:edit file.py<CR>")
        self.wait_until("#vim.lsp.get_clients({bufnr = 0}) == 1", "the server is not attached")

    def wait_until(self, condition: str, problem: str = "") -> None:
        """Until the Lua expression is true. Neovim draws and works between the looks."""
        self._until(lambda: self.lua(condition), problem or f"never true: {condition}")

    def wait_for_text(self, text: str) -> None:
        self._until(lambda: self.text() == text, lambda: f"the buffer is {self.text()!r}")

    def wait_for_screen(self, *parts: str) -> None:
        """Until the parts are on the screen, ghost text included."""
        self._until(
            lambda: all(part in self.screen() for part in parts),
            lambda: f"not all of {parts} on the screen:\n{self.screen()}",
        )

    def wait_for_gone(self, part: str) -> None:
        self._until(lambda: part not in self.screen(), lambda: f"{part!r} stays:\n{self.screen()}")

    def screen(self) -> str:
        rows = self.lua(
            "vim.tbl_map(function(row) local cells = {} for column = 1, vim.o.columns do "
            "cells[column] = vim.fn.screenstring(row, column) end return table.concat(cells) end, "
            "vim.fn.range(1, vim.o.lines))"
        )
        return "\n".join(row.rstrip() for row in rows)

    def text(self) -> str:
        return "\n".join(self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)"))

    def wait_until_ended(self) -> None:
        """Neovim lets its servers go before it ends."""
        self._process.wait(timeout=SECONDS)

    def close(self) -> None:
        for process in (self._screen, self._process):
            process.terminate()
            process.wait(timeout=20)
        self._connection.close()
        self._errors.close()
        self._runtime.cleanup()
        os.close(self._terminal)

    def _until(self, holds, problem) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert self._process.poll() is None, "Neovim has ended"
            assert time.monotonic() < deadline, problem if isinstance(problem, str) else problem()
            time.sleep(0.01)  # a look costs Neovim time that it needs to get there


def lay_out(nvim: Neovim, *lines: str, suggest: tuple[int, int, str] | tuple[int, int, str, int]):
    """The buffer's lines, and what the server answers: row, column in UTF-16 units, text, and how
    many units it takes away right of there."""
    row, column, text, *replaced = suggest
    quoted = ", ".join(json.dumps(line, ensure_ascii=False) for line in lines)
    item = f"server.item({row}, {column}, {json.dumps(text, ensure_ascii=False)}, "
    nvim.lua(
        f"(function() vim.api.nvim_buf_set_lines(0, 0, -1, false, {{{quoted}}}) "
        f"server.items = {{{item}{replaced[0] if replaced else 0})}} end)()"
    )
