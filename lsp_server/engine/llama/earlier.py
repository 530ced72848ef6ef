"""Encoding a text from where it parts from an earlier one.

A window of 1,000 tokens takes llama.cpp's tokenizer 4 ms, and the next key changes one character.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

Encode = Callable[[str], list[int]]

# A shorter text is encoded at once, and is no start worth keeping.
_SHORT = 400
# How many texts are kept: the whole and the near windows of a few documents.
_KEPT = 8
# So many tokens before the place where the texts part are encoded again, because a tokenizer looks
# ahead; where as many do not come out as they were, what was kept is of no use.
_AGAIN = 64
_ALIKE = 32


@dataclass(frozen=True)
class _Encoded:
    data: bytes
    tokens: list[int]


class Earlier:
    """What `encode` gives, exactly, for texts that mostly begin as one of the last ones did."""

    def __init__(
        self, encode: Encode, encode_inside: Encode, piece: Callable[[int], bytes]
    ) -> None:
        """`encode_inside` encodes what follows other text, `piece` are a token's bytes."""
        self._encode = encode
        self._encode_inside = encode_inside
        self._piece = piece
        self._kept: list[_Encoded] = []

    def encode(self, text: str) -> list[int]:
        if len(text) < _SHORT:
            return self._encode(text)
        data = text.encode("utf-8", "replace")
        tokens = self._gone_on(data) or self._encode(text)
        others = [one for one in self._kept if one.data != data]
        self._kept = [_Encoded(data, tokens), *others][:_KEPT]
        return list(tokens)

    def _gone_on(self, data: bytes) -> list[int] | None:
        """The tokens, the first of them an earlier text's; None where none helps."""
        shared, earlier = max(
            ((_shared(one.data, data), one) for one in self._kept),
            key=lambda found: found[0],
            default=(0, None),
        )
        if earlier is None or shared < _SHORT:
            return None
        if shared == len(data) == len(earlier.data):
            return earlier.tokens
        number, start = self._seam(earlier, shared)
        if number == 0:
            return None
        # The seam is before a space or a line end, so it is between two characters.
        later = self._encode_inside(data[start:].decode("utf-8"))
        if later[:_ALIKE] != earlier.tokens[number : number + _ALIKE]:
            return None
        return earlier.tokens[:number] + later

    def _seam(self, earlier: _Encoded, shared: int) -> tuple[int, int]:
        """A token that begins a word, enough tokens before the texts part, and its offset."""
        start = len(earlier.data)
        again = _AGAIN
        for number in range(len(earlier.tokens) - 1, 0, -1):
            piece = self._piece(earlier.tokens[number])
            start -= len(piece)
            again -= start < shared
            if again <= 0 and piece[:1].isspace() and start >= 0:
                return number, start
        return 0, 0


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    longest = min(len(one), len(other))
    return bisect_left(range(longest), True, key=lambda n: one[: n + 1] != other[: n + 1])
