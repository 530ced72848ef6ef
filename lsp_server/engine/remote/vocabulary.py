"""A served model's tokenizer, asked for over HTTP.

Prompts are made by the same code as for a model in this process (prompting/infill.py), with the
tokens fetched beforehand. While one types, only the cursor's line is sent: lines end where tokens
do, so the text above it keeps its tokens.
"""

import itertools
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

_ANCHOR = "☺"  # merges with nothing; see engine/llama/vocab.py
_KEPT = 512


@dataclass(frozen=True)
class Token:
    """An id, and the bytes that it stands for, where the server tells them."""

    id: int
    piece: bytes = b""


Tokens = list[Token]
# Texts to tokens, each text by itself; control strings stay text.
Tokenize = Callable[[Sequence[str]], Awaitable[list[Tokens]]]


@dataclass(frozen=True)
class Traits:
    """What a vocabulary is like. `controls` are its control tokens by their text; what `taken`
    finds in a text the server takes for control tokens."""

    bos: int | None
    adds_space: bool
    controls: Mapping[str, int]
    taken: re.Pattern[str]


class Vocabulary:
    """Encodes with a server's tokenizer, and remembers."""

    def __init__(self, tokenize: Tokenize, traits: Traits) -> None:
        self.traits = traits
        self._tokenize = tokenize
        self._known: OrderedDict[tuple[str, bool], Tokens] = OrderedDict()

    async def fetched(self, prefix: str, suffix: str) -> "Fetched":
        """A tokenizer that knows the tokens of these two texts."""
        at = prefix.rfind("\n") + 1
        head, tail = prefix[:at], prefix[at:]
        above, line, below = await self._encoded(
            [(head, False), (tail, bool(head)), (suffix, True)]
        )
        return Fetched(self.traits, {(prefix, False): above + line, (suffix, True): below})

    async def _encoded(self, wanted: Sequence[tuple[str, bool]]) -> list[Tokens]:
        """The tokens of texts, each with whether it stands inside other text."""
        unknown = [one for one in wanted if one[0] and one not in self._known]
        if unknown:
            found = await self._asked(unknown)
            self._known.update(zip(unknown, found, strict=True))
        for one in wanted:
            if one[0]:
                self._known.move_to_end(one)
        encoded = [self._known[text, inside] if text else [] for text, inside in wanted]
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return encoded

    async def _asked(self, wanted: Sequence[tuple[str, bool]]) -> list[Tokens]:
        """Each text in fragments without a control token's text, all in one question."""
        cut = [self._fragments(text) for text, _ in wanted]
        inside = [
            first or i > 0
            for parts, (_, first) in zip(cut, wanted, strict=True)
            for i in range(len(parts))
        ]
        # The space that SentencePiece adds is written out: transformers' tokenizer of Code Llama
        # adds none where a text begins with one.
        before = (_ANCHOR + " ", _ANCHOR) if self.traits.adds_space else ("", "")
        texts = [
            before[within] + text
            for text, within in zip(itertools.chain(*cut), inside, strict=True)
        ]
        *found, anchor = await self._tokenize([*texts, before[True]])
        tokens = iter(one[len(anchor) :] for one in found)
        return [list(itertools.chain(*itertools.islice(tokens, len(parts)))) for parts in cut]

    def _fragments(self, text: str) -> list[str]:
        """Cut after the first character of what the server would take for a control token."""
        found = self.traits.taken.finditer(text)
        cuts = [0, *(match.start() + 1 for match in found), len(text)]
        return [text[start:end] for start, end in itertools.pairwise(cuts) if start < end]


@dataclass(frozen=True)
class Fetched:
    """Tokenizer (see prompting/tokenizer.py) of texts whose tokens are here."""

    traits: Traits
    texts: Mapping[tuple[str, bool], Tokens]

    @property
    def bos(self) -> int | None:
        return self.traits.bos

    @property
    def adds_space(self) -> bool:
        return self.traits.adds_space

    def encode(self, text: str) -> list[int]:
        return [token.id for token in self.texts[text, False]] if text else []

    def encode_inside(self, text: str) -> list[int]:
        return [token.id for token in self.texts[text, True]] if text else []

    def control(self, text: str) -> int | None:
        return self.traits.controls.get(text)

    def piece(self, token: int) -> bytes:
        return self._pieces.get(token, b"")

    @property
    def _pieces(self) -> dict[int, bytes]:
        return {token.id: token.piece for tokens in self.texts.values() for token in tokens}


def estimate(text: str) -> int:
    """Tokens that a text has at most: a token stands for a byte at least, and SentencePiece adds
    one for the space before."""
    return len(text.encode("utf-8", "replace")) + 1
