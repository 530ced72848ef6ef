"""Tokens as the file of a vocabulary writes them, and the bytes that they stand for."""

import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache

Reader = Callable[[str], bytes]

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def reader_of(written: str) -> Reader | None:
    """How tokens are read, by how those of a text with a space in it are written; None where that
    is no known way."""
    if "▁" in written:
        return sentencepiece
    return byte_level if "Ġ" in written else None


def sentencepiece(written: str) -> bytes:
    found = _BYTE.fullmatch(written)
    return bytes([int(found[1], 16)]) if found else written.replace("▁", " ").encode()


def byte_level(written: str) -> bytes:
    """Empty for a token that is no bytes, such as an added one of other letters."""
    letters = _letters()
    known = all(letter in letters for letter in written)
    return bytes(letters[letter] for letter in written) if known else b""


@cache
def _letters() -> Mapping[str, int]:
    """GPT-2's letters for bytes: those that can be printed stand for themselves."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + i): byte for i, byte in enumerate(others)
    }


def shares(texts: Sequence[str], pieces: Sequence[bytes]) -> list[int] | None:
    """How many tokens of the texts one after the other reach into each of them, in `pieces` as
    bytes. None where the pieces are not what the texts are made of."""
    sizes = [len(text.encode("utf-8", "replace")) for text in texts]
    before = sum(map(len, pieces)) - sum(sizes)
    if before not in (0, 1) or not all(pieces):  # SentencePiece adds a space
        return None
    ends = list(itertools.accumulate(sizes))
    counts = [0] * len(texts)
    at = -before
    for piece in pieces:
        first, last = max(at, 0), at + len(piece) - 1
        for index in range(bisect_right(ends, first), bisect_right(ends, max(last, 0)) + 1):
            counts[index] += bool(sizes[index])
        at += len(piece)
    return counts
