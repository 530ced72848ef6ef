"""What attrs compiles is compiled once, and a file that is no use changes nothing."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import attr._make
import attrs
import pytest

from lsp_server.compiled import CompiledOnce, compiled_once


def make_class() -> type:
    """A class whose methods attrs has to compile."""
    return attrs.make_class(
        "lsprotocol.Point", {"x": attrs.field(type=int), "y": attrs.field(default=2)}
    )


def compilers(file: Path) -> list[CompiledOnce]:
    """What stood for `compile` while a class was made."""
    with compiled_once(file):
        made = make_class()
        seen = [vars(attr._make)["compile"]]
    assert made(1) == made(1, 2)
    return seen


def test_the_second_time_nothing_is_compiled(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "compiled.bin"
    (first,) = compilers(file)
    (second,) = compilers(file)
    assert first.added
    assert first.used
    assert not second.added
    assert second.used.keys() == first.used.keys()


def test_what_no_process_uses_any_more_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "compiled.bin"
    with compiled_once(file):
        attrs.make_class("lsprotocol.Other", ["z"])
    compilers(file)
    with compiled_once(file):
        attrs.make_class("lsprotocol.Other", ["z"])
        assert vars(attr._make)["compile"].added


START = """
import sys
from pathlib import Path
from lsp_server.compiled import compiled_once
with compiled_once(Path(sys.argv[1])):
    from lsp_server.config_sources import Source
    from lsp_server.server import create_server
    create_server(Source("defaults", {}), lambda config: None)
"""


def test_a_second_start_finds_everything_and_leaves_the_file_alone(tmp_path: Path) -> None:
    """Whatever the hashes of the process are."""
    file = tmp_path / "compiled.bin"
    written = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", START, file], env=environment, check=True)
        written.append((file.stat().st_mtime_ns, file.stat().st_size))
    assert written[0] == written[1]
    assert written[0][1] < 3_000_000


@pytest.mark.parametrize("cut", [0, 3, 20, -1])
def test_a_broken_file_is_written_anew(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "compiled.bin"
    compilers(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    compilers(file)
    assert not compilers(file)[0].added


def test_code_that_others_may_have_written_is_not_run(tmp_path: Path) -> None:
    file = tmp_path / "compiled.bin"
    compilers(file)
    file.chmod(0o666)
    assert compilers(file)[0].added
    assert not compilers(file)[0].added  # it was replaced by one's own
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_can_not_be_put_in_its_place_is_not_left_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(self: Path, target: Path) -> Path:
        raise PermissionError

    monkeypatch.setattr(Path, "replace", held)
    assert compilers(tmp_path / "compiled.bin")[0].added
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert compilers(tmp_path / "file" / "compiled.bin")[0].added


def test_afterwards_the_builtin_is_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), compiled_once(tmp_path / "compiled.bin"):
        raise ZeroDivisionError
    assert "compile" not in vars(attr._make)


def test_the_same_text_from_another_file_is_another_code() -> None:
    compiler = CompiledOnce({})
    names = ("lsprotocol.one", "lsprotocol.other")
    one, other = (compiler("x = 1", name, "exec") for name in names)
    assert (one.co_filename, other.co_filename) == names
    assert compiler("x = 1", names[0], "exec") is one


def test_what_is_no_module_text_goes_to_the_builtin() -> None:
    compiler = CompiledOnce({})
    assert eval(compiler("1 + 1", "lsprotocol.sum", "eval")) == 2
    assert not compiler.used


def test_other_classes_are_compiled_as_ever() -> None:
    """In their texts are numbers that differ from process to process."""
    compiler = CompiledOnce({})
    compiler("x = 1", "<attrs generated methods lsp_server.config.Files>", "exec")
    assert not compiler.used
