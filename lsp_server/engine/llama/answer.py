"""One of the answers that a generation writes side by side to the same prompt."""

import codecs

import numpy as np
import numpy.typing as npt

from lsp_server.config import Sampling
from lsp_server.engine.llama.context import LlamaContext, Part
from lsp_server.engine.llama.kv_cache import KvSequence
from lsp_server.engine.llama.sampler import Sampler


class Answer:
    """Its sequence in the KV cache, how its tokens are chosen, and what waits to be evaluated."""

    def __init__(self, index: int, context: LlamaContext, sampling: Sampling) -> None:
        self.index = index
        self.constraint = b""
        """What the first tokens have to spell, which the document already has."""
        self.sequence: KvSequence | None = None
        self.pending: list[int] = []
        self.generated = 0
        self.finished = False
        self._vocab = context.model.vocab
        self._sampler = Sampler(sampling, self._vocab.size)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._log_probability = 0.0

    @property
    def likelihood(self) -> float:
        """The mean log-probability of the tokens whose logits were `weighed`."""
        return self._log_probability / max(1, self.generated)

    def next_part(self, room: int) -> Part:
        assert self.sequence is not None
        return Part(self.sequence, self.pending[:room])

    def evaluated(self, count: int) -> None:
        self.pending = self.pending[count:]

    def choose(self, logits: npt.NDArray[np.float32], *, weigh: bool) -> int:
        """The next token; with `weigh` its probability counts to the likelihood."""
        index = self._vocab.index
        allowed = index.spelling(self.constraint) if self.constraint else None
        token = self._sampler.choose(logits, allowed)
        if weigh and not self.constraint:
            self._log_probability += float(logits[token] - _log_sum(logits))
        return token

    def take(self, token: int) -> str:
        """The text that a chosen token adds; the token has to be evaluated next."""
        self.generated += 1
        self.pending = [token]
        return self._decoder.decode(self._after_constraint(self._vocab.piece(token)))

    def rest(self) -> str:
        """What the last tokens left of a character that was never finished."""
        return self._decoder.decode(b"", final=True)

    def close(self) -> None:
        self.finished = True
        self._sampler.close()

    def _after_constraint(self, piece: bytes) -> bytes:
        """What a piece adds beyond the text that was dropped."""
        repeated = min(len(piece), len(self.constraint))
        self.constraint = self.constraint[repeated:]
        return piece[repeated:]


def _log_sum(logits: npt.NDArray[np.float32]) -> float:
    highest = logits.max()
    return float(highest + np.log(np.exp(logits - highest).sum()))
