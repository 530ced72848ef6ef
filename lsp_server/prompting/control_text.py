"""Which added tokens of a vocabulary steer the model, where its file doesn't say so clearly.

Converters type an added token CONTROL or USER_DEFINED as they please. llama.cpp keeps the first
kind out of plain text, but takes the second wherever its text stands, in a user's code as well. So
of the USER_DEFINED ones those that steer have to be told from those that are text, such as
Gemma's runs of spaces.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from lsp_server.prompting.infill_format import load_formats

# An invisible character without a meaning of its own (word joiner).
_MARK = "\u2060"
_SHAPE = re.compile(r"<\|.+\|>|<｜.+｜>|<fim[_-]\w+>|\[/?[A-Z][A-Z_0-9]*\]")

_CHAT_TEXTS = frozenset(
    (
        *("<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>", "<|im_start|>"),
        *("<|im_end|>", "<start_of_turn>", "<end_of_turn>", "<|endoftext|>", "<|eot_id|>"),
        *("[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]"),
        *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
        *("<|start_header_id|>", "<|end_header_id|>", "<｜begin▁of▁sentence｜>", "<｜User｜>"),
        *("<｜Assistant｜>", "<tool_call>", "</tool_call>", "<think>", "</think>", "<|end|>"),
        "<FILL_ME>",  # where transformers' tokenizer of Code Llama makes an infill prompt of a text
    )
)


def is_control_text(text: str, chat_template: str) -> bool:
    """Whether a USER_DEFINED token's text is that of a control token: it has the shape of one, an
    infill family has it, or the model's chat template writes it."""
    if not text.strip() or len(text) == 1:
        return False
    return bool(_SHAPE.fullmatch(text)) or text in _infill_texts() or text in chat_template


def known_control_texts() -> frozenset[str]:
    """Control tokens that some vocabulary has, for tokenizers that can be asked but not looked
    into."""
    return _infill_texts() | _CHAT_TEXTS


@dataclass(frozen=True)
class Harmless:
    """A text without a control token's text in it, for servers that take every text for its token.

    An invisible character in the middle of each is what makes them plain; a model may repeat it,
    so it is taken out of answers.
    """

    text: str
    marked: bool

    @classmethod
    def of(cls, text: str) -> "Harmless":
        marked = control_texts().sub(lambda found: f"{found[0][0]}{_MARK}{found[0][1:]}", text)
        return cls(marked, marked != text and _MARK not in text)


def unmarked(text: str) -> str:
    """An answer to a marked text without the marks."""
    return text.replace(_MARK, "")


@cache
def control_texts() -> re.Pattern[str]:
    """Finds control tokens in code: only what is one in some vocabulary, as `[N]` and `<T>` have
    other meanings there."""
    return re.compile(r"<\|[^|\s<>]{1,40}\|>|" + any_of(known_control_texts()).pattern)


def any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """Matches each of the texts, the longest first; of none, nothing."""
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


@cache
def _infill_texts() -> frozenset[str]:
    formats = load_formats().values()
    return frozenset(text for found in formats for text in {*found.control_tokens, *found.end})
