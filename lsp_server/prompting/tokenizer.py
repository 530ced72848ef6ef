"""What prompts need of a model's tokenizer. `engine/llama/vocab.py` is the real one."""

import re
from typing import Protocol


class Tokenizer(Protocol):
    """Text to token ids and back, with control tokens kept apart from text."""

    @property
    def bos(self) -> int | None:
        """The id that begins a prompt, None where the model uses none."""
        ...

    @property
    def adds_space(self) -> bool:
        """Whether `encode` puts a dummy space before the text, as SentencePiece does."""
        ...

    def encode(self, text: str) -> list[int]:
        """Plain text as the tokenizer takes it by itself: a SentencePiece model adds its dummy
        space. Control strings in the text stay text. `encode("") == []`."""
        ...

    def encode_inside(self, text: str) -> list[int]:
        """Plain text that continues other text: no dummy space."""
        ...

    def control(self, text: str) -> int | None:
        """The id of the control token with this text, None where the vocabulary has none."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for a control token."""
        ...


class ChatTokenizer(Tokenizer, Protocol):
    """What chat templates need besides."""

    @property
    def sentencepiece(self) -> bool: ...

    @property
    def eos(self) -> int:
        """The id that ends a turn."""
        ...

    @property
    def control_pattern(self) -> re.Pattern[str]:
        """Matches the text of every control token, the longest first."""
        ...

    def text(self, token: int) -> str:
        """A token as the vocabulary writes it, such as `</s>`."""
        ...
