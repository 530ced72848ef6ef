"""Reads the header of a GGUF file, and nothing of its weights.

The `gguf` package reads every array into numpy views first, which takes about three seconds for a
150,000-word vocabulary; here arrays are skipped and only their lengths kept, which takes a tenth.
The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3).
"""

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server.errors import ModelLoadError

_SCALARS = dict(enumerate(["<B", "<b", "<H", "<h", "<I", "<i", "<f", "<?"])) | {
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_KEPT_NUMBERS = 1024  # arrays of numbers up to this long are kept: one number a layer
_MOST_ITEMS = 50_000_000  # no vocabulary comes near; a damaged count does

# llama.cpp's llama_ftype: what most of the tensors are quantised to.
_FILE_TYPES = {
    **{0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K"},
    **{11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S"},
    **{17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS"},
    **{23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S"},
    **{29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0"},
    **{38: "MXFP4_MOE"},
}

# How the vocabulary of each infilling family spells "the prefix follows". Old files name no
# infill ids in their metadata, and llama.cpp too finds these by their text.
_FIM_PREFIXES = (
    "▁<PRE>",  # Code Llama
    "<|fim_prefix|>",  # Qwen2.5-Coder, CodeGemma
    "<fim_prefix>",  # StarCoder2
    "<｜fim▁begin｜>",  # DeepSeek-Coder
    "[PREFIX]",  # Codestral
)


@dataclass(frozen=True)
class SkippedArray:
    """An array that was not read: only its length is known."""

    length: int


@dataclass(frozen=True)
class GgufMetadata:
    """What the header says. `n_head_kv` holds a number for each layer. Lengths are in elements.

    `tensor_bytes` has the size of each tensor's data by its name, padding included.
    """

    version: int
    architecture: str
    name: str
    n_layer: int
    n_ctx_train: int
    n_embd: int
    n_head: int
    n_head_kv: tuple[int, ...]
    key_length: int
    value_length: int
    n_vocab: int
    n_tensors: int
    quantisation: str
    has_chat_template: bool
    fim_prefix: str
    values: dict[str, Any]
    tensor_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def n_ff(self) -> int:
        """The widest layer's feed-forward length; of a mixture, of the experts used for a token."""
        dense = max(
            _each(self.values.get(f"{self.architecture}.feed_forward_length", 0), 1), default=0
        )
        expert = int(self.values.get(f"{self.architecture}.expert_feed_forward_length", 0))
        used = int(self.values.get(f"{self.architecture}.expert_used_count", 0))
        return max(dense, expert * used)

    @property
    def has_fim_tokens(self) -> bool:
        return bool(self.fim_prefix)

    def kv_bytes_per_token(self, bytes_per_element: float = 2) -> int:
        """Bytes of KV cache for one token; f16 has 2 bytes an element.

        n_layer * n_head_kv * (key_length + value_length) * bytes: 512 KiB for Code Llama 7B.
        """
        elements = sum(self.n_head_kv) * (self.key_length + self.value_length)
        return int(elements * bytes_per_element)


def read_gguf(path: Path) -> GgufMetadata:
    """Raises ModelLoadError where the file can't be read, is no GGUF file, or ends too soon."""
    try:
        with path.open("rb") as file:
            if file.seek(0, 2) == 0:
                raise ModelLoadError(f"{path} is empty.", _FETCH_AGAIN)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Header(path, data).metadata()
    except OSError as error:
        raise ModelLoadError(f"{path} can't be read: {error.strerror or error}.") from error


_FETCH_AGAIN = "Fetch or copy the file again."


class _Header:
    """A cursor over the header's bytes. Every read is checked against the end of the file."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._path = path
        self._data = data
        self._at = 0
        self._fim_prefix = ""

    def metadata(self) -> GgufMetadata:
        try:
            version = self._version()
            n_tensors, n_values = self._scalar("<Q"), self._scalar("<Q")
            values = {}
            for _ in range(n_values):
                key = self._string()
                values[key] = self._value(key, self._scalar("<I"))
            tensor_bytes = self._tensor_bytes(n_tensors, values)
            return _metadata(version, values, tensor_bytes, n_tensors, self._fim_prefix)
        except (struct.error, UnicodeDecodeError, ValueError, OverflowError, TypeError) as error:
            raise self._damaged() from error

    def _version(self) -> int:
        if self._data[:4] != b"GGUF":
            raise ModelLoadError(
                f"{self._path} is not a GGUF file.",
                "llama.cpp reads GGUF only; look for a model whose files end in .gguf.",
            )
        self._at = 4
        version: int = self._scalar("<I")
        if version not in (2, 3):
            raise ModelLoadError(
                f"{self._path} is GGUF version {version}, or written for a big-endian machine; "
                "only little-endian versions 2 and 3 can be read.",
                "Look for a newer conversion of the model.",
            )
        return version

    def _damaged(self) -> ModelLoadError:
        return ModelLoadError(f"{self._path} is damaged or cut off in its header.", _FETCH_AGAIN)

    def _skip(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise self._damaged()

    def _scalar(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return value

    def _string(self) -> str:
        length = self._scalar("<Q")
        start = self._at
        self._skip(length)
        return self._data[start : self._at].decode("utf-8")

    def _value(self, key: str, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array(key)
        if kind not in _SCALARS:
            raise self._damaged()
        return self._scalar(_SCALARS[kind])

    def _array(self, key: str) -> Any:
        kind, length = self._scalar("<I"), self._scalar("<Q")
        if length > _MOST_ITEMS:
            raise self._damaged()
        start = self._at
        if kind == _STRING:
            self._skip_strings(length)
            if key == "tokenizer.ggml.tokens":
                self._fim_prefix = self._find_fim_prefix(start)
            return SkippedArray(length)
        if kind not in _SCALARS:
            raise self._damaged()
        form = _SCALARS[kind]
        self._skip(length * struct.calcsize(form))
        if length > _KEPT_NUMBERS:
            return SkippedArray(length)
        return struct.unpack_from(f"<{length}{form[1]}", self._data, start)

    def _skip_strings(self, count: int) -> None:
        at, data, length_of = self._at, self._data, struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + length_of(data, at)[0]
        self._at = at
        self._skip(0)

    def _find_fim_prefix(self, start: int) -> str:
        for text in _FIM_PREFIXES:
            encoded = text.encode()
            if self._data.find(struct.pack("<Q", len(encoded)) + encoded, start, self._at) >= 0:
                return text
        return ""

    def _tensor_bytes(self, count: int, values: dict[str, Any]) -> dict[str, int]:
        """Each tensor's size, from where the next one begins. A copy that was cut off fails."""
        offsets: dict[str, int] = {}
        for _ in range(count):
            name = self._string()
            dimensions = self._scalar("<I")
            self._skip(8 * dimensions + 4)
            offsets[name] = self._scalar("<Q")
        alignment = int(values.get("general.alignment", 32)) or 32
        start = -(-self._at // alignment) * alignment
        end = len(self._data) - start
        if offsets and max(offsets.values()) >= end:
            raise ModelLoadError(
                f"{self._path} is cut off: its weights end after {len(self._data)} bytes.",
                _FETCH_AGAIN,
            )
        in_order = sorted(offsets, key=offsets.__getitem__)
        ends = [*(offsets[name] for name in in_order), end][1:]
        return {name: end - offsets[name] for name, end in zip(in_order, ends, strict=True)}


def _metadata(
    version: int,
    values: dict[str, Any],
    tensor_bytes: dict[str, int],
    n_tensors: int,
    fim_prefix: str,
) -> GgufMetadata:
    architecture = str(values.get("general.architecture", ""))

    def number(key: str, default: int = 0) -> int:
        return int(values.get(f"{architecture}.{key}", default))

    n_layer, n_embd = number("block_count"), number("embedding_length")
    n_head = max(_each(values.get(f"{architecture}.attention.head_count", 0), 1), default=0)
    head_size = n_embd // n_head if n_head else 0
    n_head_kv = _each(values.get(f"{architecture}.attention.head_count_kv", n_head), n_layer)
    tokens = values.get("tokenizer.ggml.tokens")
    return GgufMetadata(
        version=version,
        architecture=architecture,
        name=str(values.get("general.name", "")),
        n_layer=n_layer,
        n_ctx_train=number("context_length"),
        n_embd=n_embd,
        n_head=n_head,
        n_head_kv=n_head_kv,
        key_length=number("attention.key_length", head_size),
        value_length=number("attention.value_length", head_size),
        n_vocab=tokens.length if isinstance(tokens, SkippedArray) else number("vocab_size"),
        n_tensors=n_tensors,
        quantisation=_FILE_TYPES.get(values.get("general.file_type", -1), ""),
        has_chat_template="tokenizer.chat_template" in values,
        fim_prefix=fim_prefix,
        values=values,
        tensor_bytes=tensor_bytes,
    )


def _each(value: Any, n_layer: int) -> tuple[int, ...]:
    """A number for every layer, whether the file gives one or all of them."""
    if isinstance(value, tuple):
        return tuple(int(one) for one in value)
    return (int(value),) * min(n_layer, _KEPT_NUMBERS)
