"""The tiny model of tiny.py as a folder of Hugging Face's, for servers that read no GGUF.

The tokenizer is Code Llama's: SentencePiece's pieces and scores as the merges of a BPE, which is
how transformers converts them.
"""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tests.unit.engine.tiny import ADDED, INFILL, VOCAB

# Heads of 32 values are the smallest that vLLM computes on a CPU.
LAYERS, WIDTH, HEADS, HIDDEN, CONTEXT = 2, 64, 2, 128, 2048
_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "{{ ' ' + message['content'] + ' ' + eos_token }}{% else %}"
    "{{ bos_token + '[INST] ' + message['content'] + ' [/INST]' }}{% endif %}{% endfor %}"
)


def write_folder(folder: Path) -> Path:
    """Write a random-weight Code Llama of 2 layers x 64 (9 MB) into the folder, which is made."""
    folder.mkdir(parents=True)
    pieces, scores, types = _vocabulary()
    files = {
        "config.json": _config(len(pieces)),
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2},
        "tokenizer.json": _tokenizer(pieces, scores, types),
        "tokenizer_config.json": {
            "tokenizer_class": "CodeLlamaTokenizer",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "chat_template": _TEMPLATE,
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    _write_tensors(folder / "model.safetensors", _weights(len(pieces)))
    return folder


def _config(n_vocab: int) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": WIDTH,
        "intermediate_size": HIDDEN,
        "max_position_embeddings": CONTEXT,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1e6,
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "vocab_size": n_vocab,
    }


def _vocabulary() -> tuple[list[str], list[float], list[int]]:
    fields = gguf.GGUFReader(VOCAB).fields

    def values(name: str) -> list[Any]:
        field = fields[f"tokenizer.ggml.{name}"]
        return [field.parts[i] for i in field.data]

    pieces = [bytes(part).decode() for part in values("tokens")]
    scores = [float(part[0]) for part in values("scores")]
    types = [int(part[0]) for part in values("token_type")]
    for token in range(len(pieces), len(pieces) + ADDED):
        pieces.append(INFILL.get(token) or f"<added_{token}>")
        scores.append(-1000.0)
        types.append(int(gguf.TokenType.CONTROL))
    return pieces, scores, types


def _tokenizer(pieces: list[str], scores: list[float], types: list[int]) -> dict[str, Any]:
    ids = {piece: token for token, piece in enumerate(pieces)}
    control = {int(gguf.TokenType.CONTROL), int(gguf.TokenType.UNKNOWN)}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    added = [
        {"id": token, "content": piece, "special": True, **flags}
        for token, piece in enumerate(pieces)
        if types[token] in control and not piece.startswith("<added")
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<s>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": ids,
            "merges": _merges(ids, scores, types),
        },
    }


def _merges(ids: dict[str, int], scores: list[float], types: list[int]) -> list[str]:
    """The pairs that make each piece, the best piece first."""
    pairs = [
        (scores[token], piece[:at], piece[at:])
        for piece, token in ids.items()
        if types[token] == int(gguf.TokenType.NORMAL)
        for at in range(1, len(piece))
        if piece[:at] in ids and piece[at:] in ids
    ]
    pairs.sort(key=lambda pair: (-pair[0], ids[pair[1]], ids[pair[2]]))
    return [f"{left} {right}" for _, left, right in pairs]


def _weights(n_vocab: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)

    def tensor(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.1).astype(np.float16)

    weights = {
        "model.embed_tokens.weight": tensor(n_vocab, WIDTH),
        "model.norm.weight": np.ones(WIDTH, np.float16),
        "lm_head.weight": tensor(n_vocab, WIDTH),
    }
    for layer in range(LAYERS):
        block = f"model.layers.{layer}."
        for part in "qkvo":
            weights[f"{block}self_attn.{part}_proj.weight"] = tensor(WIDTH, WIDTH)
        weights |= {
            f"{block}mlp.gate_proj.weight": tensor(HIDDEN, WIDTH),
            f"{block}mlp.up_proj.weight": tensor(HIDDEN, WIDTH),
            f"{block}mlp.down_proj.weight": tensor(WIDTH, HIDDEN),
            f"{block}input_layernorm.weight": np.ones(WIDTH, np.float16),
            f"{block}post_attention_layernorm.weight": np.ones(WIDTH, np.float16),
        }
    return weights


def _write_tensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """The safetensors format: a length, a header of JSON, the tensors one after the other."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in tensors.items():
        offsets = [at, at + tensor.nbytes]
        header[name] = {"dtype": "F16", "shape": tensor.shape, "data_offsets": offsets}
        at += tensor.nbytes
    head = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for tensor in tensors.values():
            file.write(tensor.tobytes())
