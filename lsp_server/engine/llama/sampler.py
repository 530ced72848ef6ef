"""Choosing the next token."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lsp_server.config import Sampling
from lsp_server.engine.llama.binding import llama_cpp

# At this temperature a token has to be as good as certain to lose; the likeliest is taken, which
# needs no sampler (4 microseconds instead of 85) and repeats exactly.
_GREEDY_TEMPERATURE = 0.01
_PENALTY_WINDOW = 64


class Sampler:
    """Chooses tokens for one generation by its sampling parameters."""

    def __init__(self, sampling: Sampling, n_vocab: int) -> None:
        self._greedy = (
            sampling.temperature <= _GREEDY_TEMPERATURE and sampling.repeat_penalty == 1.0
        )
        self._chain = None if self._greedy else _chain(sampling, n_vocab)

    def choose(self, logits: npt.NDArray[np.float32], allowed: Sequence[int] | None) -> int:
        """The next token by its logits; only one of `allowed` where that is given."""
        candidates = np.asarray(allowed) if allowed is not None else None
        if self._chain is None:
            if candidates is None:
                return int(logits.argmax())
            return int(candidates[logits[candidates].argmax()])
        ids = np.arange(len(logits)) if candidates is None else candidates
        token = self._apply_chain(ids, logits[ids])
        llama_cpp.llama_sampler_accept(self._chain, token)
        return token

    def _apply_chain(self, ids: "np.ndarray", logits: "np.ndarray") -> int:
        data = np.empty(len(ids), dtype=[("id", "i4"), ("logit", "f4"), ("p", "f4")])
        data["id"], data["logit"], data["p"] = ids, logits, 0
        array = llama_cpp.llama_token_data_array(
            data=data.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data)),
            size=len(data),
            selected=-1,
            sorted=False,
        )
        llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def close(self) -> None:
        if self._chain is not None:
            llama_cpp.llama_sampler_free(self._chain)
            self._chain = None


def _chain(sampling: Sampling, n_vocab: int) -> Any:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    stages = [
        llama_cpp.llama_sampler_init_penalties(
            n_vocab, _PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0
        ),
        llama_cpp.llama_sampler_init_top_k(sampling.top_k),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(sampling.seed),
    ]
    for stage in stages:
        llama_cpp.llama_sampler_chain_add(chain, stage)
    return chain
