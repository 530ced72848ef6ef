"""Infill prompts: a family's format file and the tokens made by it.

A format says, as data, which control tokens stand where. Text is tokenised apart from them, so
a user's `<MID>` stays text. Code Llama's formats are Meta's (arXiv:2308.12950, section 2.3 and
the reference `infill_prompt_tokens`).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lsp_server.engine.protocol import Order
from lsp_server.errors import NotCapable, PromptFileError, PromptTooLong
from lsp_server.prompting.files import prompts_dir
from lsp_server.prompting.healing import Healed, heal
from lsp_server.prompting.tokenizer import Tokenizer

PREFIX, SUFFIX = "$prefix", "$suffix"
_KEYS = {"family", "bos", "orders", "end", "order", "heal", "measured"}


@dataclass(frozen=True)
class InfillFormat:
    """How one family of models infills.

    `orders` maps psm and spm to their parts: `$prefix` and `$suffix` stand for the text, all else
    is a control token by its text. `end` are the tokens that end a middle, besides the model's own
    end-of-generation tokens.
    """

    family: str
    bos: bool
    orders: dict[str, tuple[str, ...]]
    end: tuple[str, ...]
    order: Order
    heal: bool

    @property
    def control_tokens(self) -> set[str]:
        """The texts of all control tokens that the format's orders use."""
        parts = {part for order in self.orders.values() for part in order}
        return parts - {PREFIX, SUFFIX}

    def fits(self, tokenizer: Tokenizer) -> bool:
        """Whether the vocabulary has every control token of the format."""
        return all(tokenizer.control(text) is not None for text in self.control_tokens)


@dataclass(frozen=True)
class InfillPrompt:
    """Token ids, and the bytes that the first generated tokens have to spell (see healing)."""

    tokens: list[int]
    constraint: bytes
    order: Order


@cache
def load_formats() -> tuple[InfillFormat, ...]:
    """Every prompts/infill/*.yaml, in the order of their names. Raises PromptFileError."""
    return tuple(read_format(path) for path in sorted((prompts_dir() / "infill").glob("*.yaml")))


def read_format(path: Path) -> InfillFormat:
    """One format file, checked. Raises PromptFileError naming the file."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or _KEYS ^ set(data):
        wrong = _KEYS ^ set(data) if isinstance(data, dict) else _KEYS
        raise PromptFileError(f"{path}: unknown or missing keys: {', '.join(sorted(wrong))}.")
    return _checked(path, data)


def _checked(path: Path, data: dict[str, Any]) -> InfillFormat:
    orders = {name: tuple(parts) for name, parts in data["orders"].items()}
    for name, parts in orders.items():
        if name not in ("psm", "spm") or parts.count(PREFIX) != 1 or parts.count(SUFFIX) != 1:
            raise PromptFileError(f"{path}: order {name!r} needs one $prefix and one $suffix.")
    if data["order"] not in orders:
        raise PromptFileError(f"{path}: order: {data['order']!r} is none of {sorted(orders)}.")
    return InfillFormat(
        family=data["family"],
        bos=data["bos"],
        orders=orders,
        end=tuple(data["end"]),
        order=data["order"],
        heal=data["heal"],
    )


def format_for(tokenizer: Tokenizer, model_name: str) -> InfillFormat:
    """The format whose control tokens the vocabulary has. Raises NotCapable."""
    for candidate in load_formats():
        if candidate.fits(tokenizer):
            return candidate
    raise NotCapable(
        f"{model_name} has no known family's infill tokens, so it can't complete.",
        "Name a model that infills in models.infill, such as qwen2.5-coder-0.5b or codellama-7b.",
    )


def infill_prompt(
    infill_format: InfillFormat,
    tokenizer: Tokenizer,
    prefix: str,
    suffix: str,
    *,
    order: Order | None = None,
    healing: bool | None = None,
) -> InfillPrompt:
    """The prompt for the middle between prefix and suffix.

    Healing works only where the prompt ends with the prefix (SPM); in PSM the model was trained on
    prefixes that end inside a word, tokenised as here.
    """
    order = order or infill_format.order
    parts = infill_format.orders.get(order)
    if parts is None:
        raise NotCapable(f"{infill_format.family} models have no {order} order.")
    healing = infill_format.heal if healing is None else healing
    ends_with_prefix = parts[-1] == PREFIX
    prefix_tokens = tokenizer.encode(prefix)
    healed = (
        heal(prefix_tokens, tokenizer)
        if healing and ends_with_prefix
        else Healed(prefix_tokens, b"")
    )
    tokens = [tokenizer.bos] if infill_format.bos and tokenizer.bos is not None else []
    for part in parts:
        if part == PREFIX:
            tokens += healed.tokens
        elif part == SUFFIX:
            tokens += tokenizer.encode_inside(suffix)
        else:
            tokens.append(_control(tokenizer, part))
    return InfillPrompt(tokens, healed.dropped, order)


def _control(tokenizer: Tokenizer, text: str) -> int:
    token = tokenizer.control(text)
    if token is None:
        raise NotCapable(f"The model's vocabulary has no {text} token, which infilling needs.")
    return token


def end_tokens(infill_format: InfillFormat, tokenizer: Tokenizer) -> frozenset[int]:
    """The ids that end a middle: the format's end tokens and its own control tokens."""
    texts = {*infill_format.end, *infill_format.control_tokens}
    found = (tokenizer.control(text) for text in texts)
    return frozenset(token for token in found if token is not None)


def check_length(tokens: list[int], n_ctx: int, max_tokens: int) -> None:
    """Raises PromptTooLong where prompt and answer don't fit n_ctx together."""
    if len(tokens) + max_tokens > n_ctx:
        raise PromptTooLong(
            f"The prompt has {len(tokens)} tokens and the answer may have {max_tokens}, which is "
            f"more than n_ctx ({n_ctx}).",
            "Raise engine.n_ctx, or lower max_tokens or context_tokens.",
        )
