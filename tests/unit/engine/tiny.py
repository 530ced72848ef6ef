"""Tiny llama models with Code Llama's vocabulary: every token path of Code Llama without its
weights.

The weights are random (seeded), so what such a model says is noise; how it is asked is exact.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import gguf
import numpy as np

VOCAB = Path(__file__).parents[2] / "data" / "llama-2-vocab.gguf"
# Code Llama 7B and 13B add 16 tokens to Llama 2's vocabulary, the infill tokens among them.
ADDED = 16
INFILL = {32007: "▁<PRE>", 32008: "▁<SUF>", 32009: "▁<MID>", 32010: "▁<EOT>"}
LAYERS, WIDTH, HEADS, HIDDEN, CONTEXT = 2, 64, 4, 128, 4096


class Shape(Protocol):
    """What a model's metadata says of its size."""

    @property
    def layers(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def hidden(self) -> int: ...
    @property
    def heads(self) -> int: ...
    @property
    def context(self) -> int: ...


@dataclass(frozen=True)
class Tiny:
    layers: int = LAYERS
    width: int = WIDTH
    hidden: int = HIDDEN
    heads: int = HEADS
    context: int = CONTEXT


def write_code_llama(path: Path, *, infill_tokens: bool = True) -> Path:
    """Write a random-weight llama model of 2 layers x 64 with Code Llama's vocabulary (9 MB)."""
    writer, n_vocab = described_code_llama(path, Tiny(), infill_tokens)
    for name, tensor in _weights(n_vocab):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def described_code_llama(
    path: Path, shape: Shape, infill_tokens: bool = True
) -> tuple[gguf.GGUFWriter, int]:
    """A writer that has Code Llama's metadata, the tensors still to be added; and the size of its
    vocabulary. Nothing is written yet."""
    vocabulary = gguf.GGUFReader(VOCAB)
    tokens, scores, types = _vocabulary(vocabulary, infill_tokens)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-code-llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e6)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return writer, len(tokens)


def _vocabulary(
    reader: gguf.GGUFReader, infill_tokens: bool
) -> tuple[list[bytes], list[float], list[int]]:
    field = reader.fields["tokenizer.ggml.tokens"]
    tokens = [bytes(field.parts[i]) for i in field.data]
    scores = [float(x) for x in _values(reader, "tokenizer.ggml.scores")]
    types = [int(x) for x in _values(reader, "tokenizer.ggml.token_type")]
    control = int(gguf.TokenType.CONTROL)
    for token in range(len(tokens), len(tokens) + ADDED):
        text = INFILL.get(token) if infill_tokens else None
        tokens.append((text or f"<added_{token}>").encode())
        scores.append(-1000.0)
        types.append(control)
    return tokens, scores, types


def _values(reader: gguf.GGUFReader, name: str) -> list[float]:
    field = reader.fields[name]
    return [field.parts[i][0] for i in field.data]


def _weights(n_vocab: int) -> list[tuple[str, np.ndarray]]:
    random = np.random.default_rng(0)

    def tensor(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.1).astype(np.float16)

    weights = [
        ("token_embd.weight", tensor(n_vocab, WIDTH)),
        ("output_norm.weight", np.ones(WIDTH, np.float32)),
        ("output.weight", tensor(n_vocab, WIDTH)),
    ]
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        weights += [
            (block + "attn_norm.weight", np.ones(WIDTH, np.float32)),
            (block + "ffn_norm.weight", np.ones(WIDTH, np.float32)),
            (block + "ffn_gate.weight", tensor(HIDDEN, WIDTH)),
            (block + "ffn_up.weight", tensor(HIDDEN, WIDTH)),
            (block + "ffn_down.weight", tensor(WIDTH, HIDDEN)),
        ]
        weights += [
            (f"{block}attn_{part}.weight", tensor(WIDTH, WIDTH))
            for part in ("q", "k", "v", "output")
        ]
    return weights
