"""Small GGUF vocabularies in the manner of each family's: a few hundred tokens and no weights."""

from collections.abc import Iterable
from pathlib import Path

import gguf

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.model import LlamaModel

CONTROL = gguf.TokenType.CONTROL
USER_DEFINED = gguf.TokenType.USER_DEFINED
NORMAL = gguf.TokenType.NORMAL

# Merges in order of rank; a space is Ġ in a byte-level vocabulary and ▁ in a SentencePiece one.
_MERGES = ["r e", "re t", "ret u", "retu r", "retur n", "_ return", "i m", "im p", "_ _", "d e"]


def write_vocabulary(
    path: Path,
    architecture: str,
    added: Iterable[tuple[str, gguf.TokenType]],
    *,
    pre: str | None = None,
    add_space: bool = True,
    bos: bool = True,
    template: str | None = None,
    name: str = "small",
    n_layer: int = 2,
    first_added: int = 0,
) -> Path:
    """With `pre` a byte-level BPE vocabulary with that pre-tokenizer, else a SentencePiece one.

    `added` tokens come last, in order, the first of them at the id `first_added` or just after the
    others.
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_block_count(n_layer)
    tokens = _byte_level(writer, pre) if pre else _sentencepiece(writer, add_space)
    unused = range(len(tokens), first_added)
    tokens += [(f"<unused_{i}>", gguf.TokenType.UNUSED, -1000.0) for i in unused]
    tokens += [(text, kind, -1000.0) for text, kind in added]
    writer.add_token_list([text.encode() for text, _, _ in tokens])
    writer.add_token_types([int(kind) for _, kind, _ in tokens])
    writer.add_token_scores([score for _, _, score in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(bos)
    if template is not None:
        writer.add_chat_template(template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def load(path: Path) -> LlamaModel:
    return LlamaModel(path, EngineSettings(), vocab_only=True)


def _byte_level(writer: gguf.GGUFWriter, pre: str) -> list[tuple[str, gguf.TokenType, float]]:
    merges = [merge.replace("_", "Ġ") for merge in _MERGES]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_merges(merges)
    texts = [*_glyphs(), *(merge.replace(" ", "") for merge in merges)]
    return [*_heads(), *((text, NORMAL, 0.0) for text in texts)]


def _sentencepiece(
    writer: gguf.GGUFWriter, add_space: bool
) -> list[tuple[str, gguf.TokenType, float]]:
    writer.add_tokenizer_model("llama")
    writer.add_add_space_prefix(add_space)
    merged = [merge.replace("_", "▁").replace(" ", "") for merge in _MERGES]
    characters = ["▁", *map(chr, range(33, 127)), "é", "日"]
    texts = [*merged, *characters]
    return [
        *_heads(),
        *((f"<0x{byte:02X}>", gguf.TokenType.BYTE, 0.0) for byte in range(256)),
        *((text, NORMAL, -float(rank)) for rank, text in enumerate(texts)),
    ]


def _heads() -> list[tuple[str, gguf.TokenType, float]]:
    return [
        ("<unk>", gguf.TokenType.UNKNOWN, 0.0),
        ("<s>", CONTROL, 0.0),
        ("</s>", CONTROL, 0.0),
    ]


def _glyphs() -> list[str]:
    """GPT-2's printable character for each byte."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]
