"""A loaded model's vocabulary: the Tokenizer that prompts are made with."""

import ctypes
import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.engine.llama.earlier import Earlier
from lsp_server.prompting.control_text import any_of, is_control_text
from lsp_server.prompting.healing import PieceIndex

# A character that no SentencePiece vocabulary merges with another: encoded first and cut off
# again, it takes the dummy space with it. This is how Meta's reference encodes a suffix.
_ANCHOR = "☺"


class Vocab:
    """Text to token ids and back. Reading it is safe from every thread."""

    def __init__(self, model: "ctypes.c_void_p", chat_template: str) -> None:
        """`model` is a llama_model pointer that outlives this object. The chat template tells
        which tokens steer the model."""
        self._vocab = llama_cpp.llama_model_get_vocab(model)
        self._chat_template = chat_template
        self.size: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self.sentencepiece: bool = (
            llama_cpp.llama_vocab_type(self._vocab) == llama_cpp.LLAMA_VOCAB_TYPE_SPM
        )
        self._anchor_length = len(self._tokenize(_ANCHOR))
        # Gemma's is a SentencePiece vocabulary too, but adds no dummy space.
        self.adds_space: bool = self._piece(self._tokenize("a")[0]).startswith(b" ")
        self._at_start = Earlier(self._encode, self._encode_inside, self.piece)
        self._inside = Earlier(self._encode_inside, self._encode_inside, self.piece)

    @property
    def bos(self) -> int | None:
        token: int = llama_cpp.llama_vocab_bos(self._vocab)
        return token if token >= 0 and llama_cpp.llama_vocab_get_add_bos(self._vocab) else None

    @property
    def eos(self) -> int:
        return int(llama_cpp.llama_vocab_eos(self._vocab))

    @cached_property
    def control_pattern(self) -> re.Pattern[str]:
        return any_of(self._controls)

    def text(self, token: int) -> str:
        return str(llama_cpp.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace"))

    def encode(self, text: str) -> list[int]:
        return self._at_start.encode(text)

    def encode_inside(self, text: str) -> list[int]:
        return self._inside.encode(text)

    def control(self, text: str) -> int | None:
        return self._controls.get(text)

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
        """What healing looks tokens up in. A control token spells nothing."""
        controls = set(self._controls.values())
        return PieceIndex([b"" if i in controls else piece for i, piece in enumerate(self.pieces)])

    @cached_property
    def _controls(self) -> dict[str, int]:
        """The control tokens by their text, those that are typed USER_DEFINED among them."""
        control = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
        return {
            text: token
            for text, token, attributes in self._added
            if attributes & control or is_control_text(text, self._chat_template)
        }

    @cached_property
    def _matched(self) -> re.Pattern[str]:
        """Finds in plain text what llama.cpp would take for an added token, but is the user's.

        Where the tokenizer adds a dummy space, it adds one after each added token too: there none
        is wanted. Elsewhere only control tokens are not.
        """
        control = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
        texts = [
            text
            for text, _, attributes in self._added
            if not attributes & control and (self.adds_space or text in self._controls)
        ]
        return re.compile(f"(?={any_of(texts).pattern})")

    @cached_property
    def _added(self) -> list[tuple[str, int, int]]:
        """Text, id and attributes of every token typed CONTROL or USER_DEFINED."""
        kinds = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
        attributes = (llama_cpp.llama_vocab_get_attr(self._vocab, i) for i in range(self.size))
        return [(self.text(i), i, kind) for i, kind in enumerate(attributes) if kind & kinds]

    def _encode(self, text: str) -> list[int]:
        if not text:
            return []
        first, *rest = self._harmless(text)
        tokens = self._tokenize(first)
        for fragment in rest:
            tokens += self._tokenize_inside(fragment)
        return tokens

    def _encode_inside(self, text: str) -> list[int]:
        return [token for part in self._harmless(text) for token in self._tokenize_inside(part)]

    def _harmless(self, text: str) -> list[str]:
        """The text in fragments without a control token's text: cut after its first character."""
        cuts = [match.start() + 1 for match in self._matched.finditer(text)]
        return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]

    def _piece(self, token: int, length: int = 64) -> bytes:
        buffer = ctypes.create_string_buffer(length)
        written = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, length, 0, False)
        return self._piece(token, -written) if written < 0 else buffer.raw[:written]

    def _tokenize_inside(self, text: str) -> list[int]:
        if not self.adds_space:
            return self._tokenize(text)
        return self._tokenize(_ANCHOR + text)[self._anchor_length :]

    def _tokenize(self, text: str) -> list[int]:
        # A lone surrogate (half of an emoji, while it is typed) has no UTF-8.
        data = text.encode("utf-8", "replace")
        capacity = len(data) + 2
        tokens = (llama_cpp.llama_token * capacity)()
        count = llama_cpp.llama_tokenize(
            self._vocab, data, len(data), tokens, capacity, False, False
        )
        return list(tokens[:count])
