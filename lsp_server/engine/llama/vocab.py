"""A loaded model's vocabulary: the Tokenizer that prompts are made with."""

import ctypes
import re
from collections.abc import Sequence
from functools import cached_property

from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.prompting.healing import PieceIndex

# A character that no SentencePiece vocabulary merges with another: encoded first and cut off
# again, it takes the dummy space with it. This is how Meta's reference encodes a suffix.
_ANCHOR = "☺"


class Vocab:
    """Text to token ids and back. Reading it is safe from every thread."""

    def __init__(self, model: "ctypes.c_void_p") -> None:
        """`model` is a llama_model pointer that outlives this object."""
        self._vocab = llama_cpp.llama_model_get_vocab(model)
        self.size: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self.sentencepiece: bool = (
            llama_cpp.llama_vocab_type(self._vocab) == llama_cpp.LLAMA_VOCAB_TYPE_SPM
        )
        self._anchor_length = len(self._tokenize(_ANCHOR))
        # Gemma's is a SentencePiece vocabulary too, but adds no dummy space.
        self._adds_space = self._piece(self._tokenize("a")[0]).startswith(b" ")

    @property
    def bos(self) -> int | None:
        token: int = llama_cpp.llama_vocab_bos(self._vocab)
        return token if token >= 0 and llama_cpp.llama_vocab_get_add_bos(self._vocab) else None

    @property
    def eos(self) -> int:
        return int(llama_cpp.llama_vocab_eos(self._vocab))

    @cached_property
    def control_pattern(self) -> re.Pattern[str]:
        texts = [text for text in self._ids if self.control(text) is not None]
        longest_first = sorted(texts, key=len, reverse=True)
        # A vocabulary without control tokens gets the pattern that matches nothing.
        return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def text(self, token: int) -> str:
        return str(llama_cpp.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace"))

    def encode(self, text: str) -> list[int]:
        return self._tokenize(text) if text else []

    def encode_inside(self, text: str) -> list[int]:
        if not self._adds_space:
            return self.encode(text)
        return self._tokenize(_ANCHOR + text)[self._anchor_length :]

    def control(self, text: str) -> int | None:
        token = self._ids.get(text)
        if token is None:
            return None
        attributes = llama_cpp.llama_vocab_get_attr(self._vocab, token)
        # USER_DEFINED too: converters differ in which of the two they give an added token.
        special = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
        return token if attributes & special else None

    def piece(self, token: int) -> bytes:
        return self.pieces[token]

    def render(self, tokens: Sequence[int]) -> str:
        """Tokens as text for a person, control tokens as the vocabulary writes them."""
        pieces = [self.pieces[t] or self.text(t).encode() for t in tokens if t < self.size]
        return b"".join(pieces).decode("utf-8", "replace")

    def is_end(self, token: int) -> bool:
        """Whether the model ends a generation with this token."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    @cached_property
    def pieces(self) -> list[bytes]:
        """The bytes of every token, empty for control tokens."""
        return [self._piece(token) for token in range(self.size)]

    @cached_property
    def index(self) -> PieceIndex:
        """What healing looks tokens up in."""
        return PieceIndex(self.pieces)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {self.text(token): token for token in range(self.size)}

    def _piece(self, token: int, length: int = 64) -> bytes:
        buffer = ctypes.create_string_buffer(length)
        written = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, length, 0, False)
        return self._piece(token, -written) if written < 0 else buffer.raw[:written]

    def _tokenize(self, text: str) -> list[int]:
        # A lone surrogate (half of an emoji, while it is typed) has no UTF-8.
        data = text.encode("utf-8", "replace")
        capacity = len(data) + 2
        tokens = (llama_cpp.llama_token * capacity)()
        count = llama_cpp.llama_tokenize(
            self._vocab, data, len(data), tokens, capacity, False, False
        )
        return list(tokens[:count])
