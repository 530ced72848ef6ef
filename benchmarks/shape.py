"""Models of Code Llama's shape with random weights: speed does not depend on what weights say.

The vocabulary, the infill tokens and the metadata are Code Llama's, so the product takes such a
file for the real one; its matrices are random blocks of Q4_0 (a scale and 32 values of 4 bits).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from tests.unit.engine.tiny import described_code_llama

_BLOCK, _BLOCK_BYTES = 32, 18
_EMBEDDING = "token_embd.weight"
Matrix = tuple[str, int, int]


@dataclass(frozen=True)
class Shape:
    """Code Llama 7B by default."""

    layers: int = 32
    width: int = 4096
    hidden: int = 11008
    heads: int = 32
    context: int = 16384

    @property
    def name(self) -> str:
        return f"code-llama-{self.layers}x{self.width}-random-q4_0.gguf"


@dataclass(frozen=True)
class Written:
    """A model file, and the bytes of weights that each generated token reads: all matrices but the
    embedding, of which a token reads one row."""

    path: Path
    bytes_a_token: int


def write_shape(path: Path, shape: Shape) -> Written:
    """Write the file, or find it there, whole."""
    partial = path.with_suffix(".partial")
    writer, n_vocab = described_code_llama(partial, shape)
    matrices = list(_matrices(shape, n_vocab))
    read = sum(rows * columns for name, rows, columns in matrices if name != _EMBEDDING)
    if not path.is_file():
        _add_tensors(writer, shape, matrices)
        path.parent.mkdir(parents=True, exist_ok=True)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        partial.replace(path)
    return Written(path, read // _BLOCK * _BLOCK_BYTES)


def _add_tensors(writer: gguf.GGUFWriter, shape: Shape, matrices: list[Matrix]) -> None:
    """Matrices of one size share their blocks, so that they take little memory and time."""
    blocks = {size: _random_blocks(*size) for size in {(rows, cols) for _, rows, cols in matrices}}
    for name, rows, columns in matrices:
        kind = gguf.GGMLQuantizationType.Q4_0
        writer.add_tensor(name, blocks[rows, columns], raw_dtype=kind)
    for name in _norms(shape):
        writer.add_tensor(name, np.ones(shape.width, np.float32))


def _matrices(shape: Shape, n_vocab: int) -> Iterator[Matrix]:
    """Names, rows and columns."""
    yield _EMBEDDING, n_vocab, shape.width
    yield "output.weight", n_vocab, shape.width
    for layer in range(shape.layers):
        for part in ("q", "k", "v", "output"):
            yield f"blk.{layer}.attn_{part}.weight", shape.width, shape.width
        yield f"blk.{layer}.ffn_gate.weight", shape.hidden, shape.width
        yield f"blk.{layer}.ffn_up.weight", shape.hidden, shape.width
        yield f"blk.{layer}.ffn_down.weight", shape.width, shape.hidden


def _norms(shape: Shape) -> Iterator[str]:
    yield "output_norm.weight"
    for layer in range(shape.layers):
        yield f"blk.{layer}.attn_norm.weight"
        yield f"blk.{layer}.ffn_norm.weight"


def _random_blocks(rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Random Q4_0 blocks whose scale keeps a product of the matrix as large as what went in."""
    blocks = columns // _BLOCK
    random = np.random.default_rng(columns)
    data = random.integers(0, 256, (rows, blocks, _BLOCK_BYTES), np.uint8)
    scale = np.array([0.2 / columns**0.5], np.float16)  # values are -8 to 7 scales
    data[:, :, :2] = scale.view(np.uint8)
    return data.reshape(rows, blocks * _BLOCK_BYTES)
