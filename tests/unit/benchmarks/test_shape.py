"""Models of Code Llama's shape with random weights, and what memory allows them."""

from pathlib import Path

import pytest

from benchmarks import bandwidth
from benchmarks.shape import Shape, write_shape
from benchmarks.typing.bare import Bare
from benchmarks.typing.work import Decode
from lsp_server.models.gguf import read_gguf

SMALL = Shape(layers=2, width=256, hidden=512, heads=4, context=4096)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_shape(tmp_path_factory.mktemp("models") / SMALL.name, SMALL)


def test_the_file_is_of_the_shape_and_llama_cpp_runs_it(written):
    assert read_gguf(written.path).n_layer == 2
    bare = Bare(written.path, threads=1)
    assert bare.ms([Decode(0, 0, 64, 0), Decode(0, 0, 1, 64)]) > 0
    bare.close()


def test_a_token_reads_all_matrices_but_the_embedding(written):
    embedding = 32016 * 256 // 32 * 18
    matrices = (4 * 256 * 256 + 3 * 256 * 512) * 2 // 32 * 18
    assert written.bytes_a_token == embedding + matrices  # the output is as large
    assert written.path.stat().st_size > written.bytes_a_token + embedding


def test_a_file_that_is_there_is_not_written_again(written):
    before = written.path.stat().st_mtime_ns
    assert write_shape(written.path, SMALL) == written
    assert written.path.stat().st_mtime_ns == before


def test_the_usual_shape_reads_what_code_llama_7b_does():
    shape = Shape()
    layer = 4 * shape.width**2 + 3 * shape.width * shape.hidden
    gigabytes = (shape.layers * layer + 32016 * shape.width) / 32 * 18 / 1e9
    assert gigabytes == pytest.approx(3.7, abs=0.1)


def test_bandwidth_of_this_machine_is_measured(monkeypatch):
    monkeypatch.setattr(bandwidth, "_BYTES", 2**22)
    assert 1e8 < bandwidth.measured(gpu=False) < 1e13


def test_a_gpu_that_is_not_there_is_told(monkeypatch):
    def no_driver(name: str) -> None:
        raise OSError(f"{name}: not found")

    monkeypatch.setattr(bandwidth.ctypes, "CDLL", no_driver)
    with pytest.raises(OSError, match=r"libcuda"):
        bandwidth.measured(gpu=True)


def test_the_partial_file_does_not_stay(written):
    assert [path.name for path in Path(written.path.parent).iterdir()] == [SMALL.name]
