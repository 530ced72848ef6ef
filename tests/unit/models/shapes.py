"""Model files of Code Llama's shapes without its weights: a header, and a hole where they would be.

llama.cpp lays them out as it would the real ones, in a dry run that allocates nothing.
"""

import os
from pathlib import Path

import gguf
import numpy as np

N_VOCAB = 32016
# n_layer, n_embd, n_ff, n_head, n_head_kv
SHAPES = {
    "codellama-7b": (32, 4096, 11008, 32, 32),
    "codellama-13b": (40, 5120, 13824, 40, 40),
    "grouped-queries": (24, 2048, 8192, 16, 4),
}
_Q4_0 = gguf.GGMLQuantizationType.Q4_0


def write_shape(path: Path, n_layer: int, n_embd: int, n_ff: int, n_head: int, n_head_kv: int):
    """A llama model in Q4_0 with as many tokens as Code Llama; takes no room on the disk."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_context_length(16384)
    writer.add_embedding_length(n_embd)
    writer.add_block_count(n_layer)
    writer.add_feed_forward_length(n_ff)
    writer.add_head_count(n_head)
    writer.add_head_count_kv(n_head_kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(N_VOCAB)
    total = 0
    for name, rows, width in _tensors(N_VOCAB, n_layer, n_embd, n_ff, n_embd // n_head * n_head_kv):
        if rows:
            size = rows * width // 32 * 18
            shape, kind, raw = (rows, width // 32 * 18), np.dtype(np.uint8), _Q4_0
        else:
            size, shape, kind, raw = 4 * width, (width,), np.dtype(np.float32), None
        writer.add_tensor_info(name, shape, kind, size, raw_dtype=raw)
        total += -(-size // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    os.truncate(path, -(-path.stat().st_size // 32) * 32 + total)
    return path


def _tensors(n_vocab, n_layer, n_embd, n_ff, n_embd_kv):
    """Name, rows (0 for a vector), width."""
    yield "token_embd.weight", n_vocab, n_embd
    yield "output.weight", n_vocab, n_embd
    yield "output_norm.weight", 0, n_embd
    for layer in range(n_layer):
        for name, rows, width in (
            ("attn_norm", 0, n_embd),
            ("ffn_norm", 0, n_embd),
            ("attn_q", n_embd, n_embd),
            ("attn_k", n_embd_kv, n_embd),
            ("attn_v", n_embd_kv, n_embd),
            ("attn_output", n_embd, n_embd),
            ("ffn_gate", n_ff, n_embd),
            ("ffn_up", n_ff, n_embd),
            ("ffn_down", n_embd, n_ff),
        ):
            yield f"blk.{layer}.{name}.weight", rows, width
