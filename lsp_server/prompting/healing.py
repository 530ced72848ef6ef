"""Token healing: a prompt that ends inside a word, made to end at a token's start.

A model was trained on whole words; `ret` tokenised by itself is not how `return` begins. So the
last tokens of the prompt are dropped, back to one that begins a word, and the first generated
tokens may only be ones that spell what was dropped. The user sees what comes after it.

(Measured, Qwen2.5-Coder 0.5B, HumanEval random spans in SPM: 30 % without, 40 % with healing;
dropping only the last token was worse.)
"""

from bisect import bisect_left
from dataclasses import dataclass

from lsp_server.prompting.tokenizer import Tokenizer

# Further back there is no word any more but a string of symbols without spaces.
MOST_DROPPED = 4
_WORD_STARTS = (b" ", b"\n", b"\t")


@dataclass(frozen=True)
class Healed:
    """The tokens that are left, and the bytes of those that were dropped."""

    tokens: list[int]
    dropped: bytes


def heal(tokens: list[int], tokenizer: Tokenizer) -> Healed:
    """Drop the tokens from the end back to the last one that starts with a space or newline.

    After a newline nothing is dropped: there a word ends for certain, and the next one begins.
    """
    kept = len(tokens)
    if kept and tokenizer.piece(tokens[-1]).endswith(b"\n"):
        return Healed(tokens, b"")
    while kept and len(tokens) - kept < MOST_DROPPED:
        piece = tokenizer.piece(tokens[kept - 1])
        if not piece:
            break
        kept -= 1
        if piece[:1] in _WORD_STARTS:
            break
    return Healed(tokens[:kept], b"".join(tokenizer.piece(token) for token in tokens[kept:]))


class PieceIndex:
    """The vocabulary's pieces in order, to look up which tokens can spell a text."""

    def __init__(self, pieces: list[bytes]) -> None:
        """`pieces[id]` are the bytes of a token; empty ones (control tokens) can't spell."""
        self._sorted = sorted((piece, token) for token, piece in enumerate(pieces) if piece)
        self._by_piece: dict[bytes, list[int]] = {}
        for piece, token in self._sorted:
            self._by_piece.setdefault(piece, []).append(token)

    def spelling(self, text: bytes) -> list[int]:
        """The tokens whose piece begins with `text`, or that `text` begins with."""
        start = bisect_left(self._sorted, (text, 0))
        end = bisect_left(self._sorted, (_after(text), 0))
        longer = [token for _, token in self._sorted[start:end]]
        shorter = [
            token
            for length in range(1, len(text))
            for token in self._by_piece.get(text[:length], ())
        ]
        return longer + shorter


def _after(text: bytes) -> bytes:
    """The smallest byte string greater than every one that begins with `text`."""
    stripped = text.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else b"\xff" * 64
