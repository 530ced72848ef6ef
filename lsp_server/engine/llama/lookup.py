"""Prompt lookup: what is written next may be what came after the same words before.

An answer that gives code back with a change copies most of it from the prompt. Several tokens that
are guessed so are evaluated in one decode, and those that the model would have chosen are kept
(prompt lookup decoding, Saxena 2023).
"""

from collections.abc import Iterable, Sequence

# So many tokens have to be the same for what came after them to be a guess.
_WORDS = 3


class Lookup:
    """Guesses the tokens that follow those it was told. It guesses fewer after it was wrong."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._trusted = 1
        self.extend(tokens)

    def extend(self, tokens: Iterable[int]) -> None:
        for token in tokens:
            self._after[tuple(self._tokens[-_WORDS:])] = len(self._tokens)
            self._tokens.append(token)

    def guess(self, most: int) -> list[int]:
        """At most so many tokens, none where these words have not been before."""
        start = self._after.get(tuple(self._tokens[-_WORDS:]))
        return [] if start is None else self._tokens[start : start + min(most, self._trusted)]

    def learn(self, guessed: int, right: int) -> None:
        """So many of the last guesses were right."""
        if guessed:
            self._trusted = 2 * guessed if right == guessed else max(1, right)
