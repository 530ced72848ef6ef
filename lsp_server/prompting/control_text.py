"""Which added tokens of a vocabulary steer the model, where its file doesn't say so clearly.

Converters type an added token CONTROL or USER_DEFINED as they please. llama.cpp keeps the first
kind out of plain text, but takes the second wherever its text stands, in a user's code as well. So
of the USER_DEFINED ones those that steer have to be told from those that are text, such as
Gemma's runs of spaces.
"""

import re
from functools import cache

from lsp_server.prompting.infill_format import load_formats

_SHAPE = re.compile(r"<\|.+\|>|<｜.+｜>|<fim[_-]\w+>|\[/?[A-Z][A-Z_0-9]*\]")


def is_control_text(text: str, chat_template: str) -> bool:
    """Whether a USER_DEFINED token's text is that of a control token: it has the shape of one, an
    infill family has it, or the model's chat template writes it."""
    if not text.strip() or len(text) == 1:
        return False
    return bool(_SHAPE.fullmatch(text)) or text in _infill_texts() or text in chat_template


@cache
def _infill_texts() -> frozenset[str]:
    formats = load_formats().values()
    return frozenset(text for found in formats for text in {*found.control_tokens, *found.end})
