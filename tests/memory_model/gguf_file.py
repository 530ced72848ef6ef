"""A trained network as a GGUF file: Code Llama's vocabulary, tensors by llama.cpp's names."""

from pathlib import Path

import gguf
import numpy as np
import torch

from tests.memory_model.network import EPSILON, HEADS, HIDDEN, LAYERS, ROPE_BASE, WIDTH, Network

CONTEXT = 4096
_Q8_0 = gguf.GGMLQuantizationType.Q8_0


def rounded(network: Network) -> None:
    """Round the weights in place to what the file can hold: the embedding to Q8_0, the matrices
    to f16."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 2 and parameter is not network.embedding:
                parameter.copy_(parameter.half().float())
        blocks = gguf.quants.quantize(network.embedding.numpy(), _Q8_0)
        network.embedding.copy_(torch.from_numpy(gguf.quants.dequantize(blocks, _Q8_0)))


def write(path: Path, vocabulary: Path, network: Network, tokens: list[int]) -> None:
    """`vocabulary` is a GGUF file with the vocabulary; `tokens` are the ids of the network's token
    numbers. Every other token's embedding is 0."""
    reader = gguf.GGUFReader(vocabulary)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("code-llama-by-heart")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(ROPE_BASE)
    n_vocab = _copy_vocabulary(reader, writer)
    embedding = np.zeros((n_vocab, WIDTH), np.float32)
    embedding[tokens] = network.embedding.detach().numpy()
    writer.add_tensor("token_embd.weight", gguf.quants.quantize(embedding, _Q8_0), raw_dtype=_Q8_0)
    writer.add_tensor("output_norm.weight", network.norm.detach().numpy())
    for i, block in enumerate(network.blocks):
        for name, parameter in block.named_parameters():
            values = parameter.detach().numpy()
            values = values.astype(np.float16) if values.ndim == 2 else values
            writer.add_tensor(f"blk.{i}.{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_vocabulary(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> int:
    """Copy the tokenizer's metadata; returns the number of tokens."""
    for name, field in reader.fields.items():
        if name.startswith("tokenizer."):
            kind, sub = field.types[0], field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), kind, sub)
    return len(reader.fields["tokenizer.ggml.tokens"].data)
