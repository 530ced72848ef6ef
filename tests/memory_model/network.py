"""A llama in torch, to the letter of llama.cpp's graph for the architecture `llama`.

RMSNorm before attention and before the feed-forward, rotary positions on neighbouring pairs of a
head's values (llama.cpp's "normal" layout, so the weights need no permutation), SwiGLU, and the
token embedding used as the output matrix as well.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

LAYERS, WIDTH, HEADS, HIDDEN = 2, 64, 4, 192
EPSILON, ROPE_BASE = 1e-5, 1e6
_HEAD = WIDTH // HEADS


class Network(nn.Module):
    """Over the tokens that occur in the training data only; all others have the embedding 0."""

    def __init__(self, n_tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(n_tokens, WIDTH) * 0.1)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.Parameter(torch.ones(WIDTH))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Token numbers (batch, length) to logits (batch, length, n_tokens)."""
        x = self.embedding[tokens]
        angles = _angles(tokens.shape[1])
        for block in self.blocks:
            x = block(x, angles)
        return rms_norm(x, self.norm) @ self.embedding.T


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attn_norm = nn.Parameter(torch.ones(WIDTH))
        self.ffn_norm = nn.Parameter(torch.ones(WIDTH))
        self.attn_q, self.attn_k, self.attn_v = (_matrix(WIDTH, WIDTH) for _ in range(3))
        self.attn_output = _matrix(WIDTH, WIDTH)
        self.ffn_gate, self.ffn_up = _matrix(HIDDEN, WIDTH), _matrix(HIDDEN, WIDTH)
        self.ffn_down = _matrix(WIDTH, HIDDEN)

    def forward(self, x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
        y = rms_norm(x, self.attn_norm)
        q, k, v = (_heads(y @ matrix.T) for matrix in (self.attn_q, self.attn_k, self.attn_v))
        y = F.scaled_dot_product_attention(
            _rotated(q, angles), _rotated(k, angles), v, is_causal=True
        )
        x = x + y.transpose(1, 2).flatten(2) @ self.attn_output.T
        y = rms_norm(x, self.ffn_norm)
        return x + (F.silu(y @ self.ffn_gate.T) * (y @ self.ffn_up.T)) @ self.ffn_down.T


def rms_norm(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * weight


def _matrix(rows: int, columns: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(rows, columns) / math.sqrt(columns))


def _heads(x: torch.Tensor) -> torch.Tensor:
    """(batch, length, WIDTH) to (batch, HEADS, length, WIDTH / HEADS)."""
    return x.unflatten(2, (HEADS, _HEAD)).transpose(1, 2)


def _angles(length: int) -> torch.Tensor:
    """The rotation of pair i at each position: position * base^(-2i / head width)."""
    rates = ROPE_BASE ** (-torch.arange(0, _HEAD, 2) / _HEAD)
    return torch.arange(length)[:, None] * rates


def _rotated(x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles.cos(), angles.sin()
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)
