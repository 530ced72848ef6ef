"""What the file name of a quantised model on the hub says.

`codellama-13b-instruct.Q5_K_M.gguf`: family, size, variant, quantisation.
"""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

Variant = Literal["base", "instruct", "python"]

# By how the names begin, in lower case.
_FAMILIES = {
    "codellama": "Code Llama",
    "code-llama": "Code Llama",
    "qwen2.5-coder": "Qwen2.5-Coder",
    "starcoder2": "StarCoder2",
    "deepseek-coder": "DeepSeek-Coder",
    "codegemma": "CodeGemma",
    "codestral": "Codestral",
}

# In the words of the hub's model cards (TheBloke's, which most of the later ones took over).
_QUALITY = {
    "Q2_K": "smallest, significant quality loss - not recommended for most purposes",
    "Q3_K_S": "very small, high quality loss",
    "Q3_K_M": "very small, high quality loss",
    "Q3_K_L": "small, substantial quality loss",
    "Q4_0": "legacy; small, very high quality loss - prefer using Q3_K_M",
    "Q4_K_S": "small, greater quality loss",
    "Q4_K_M": "medium, balanced quality - recommended",
    "Q5_0": "legacy; medium, balanced quality - prefer using Q4_K_M",
    "Q5_K_S": "large, low quality loss - recommended",
    "Q5_K_M": "large, very low quality loss - recommended",
    "Q6_K": "very large, extremely low quality loss",
    "Q8_0": "very large, extremely low quality loss - not recommended",
    "F16": "not quantised",
    "BF16": "not quantised",
    "F32": "not quantised",
}

_SPLIT = re.compile(r"-\d{5}-of-\d{5}$")
_QUANTISATION = re.compile(
    r"[.-](I?Q\d_(?:K_XL|K_[SML]|K|[01]|XXS|XS|NL|[SM])|TQ[12]_0|MXFP4|BF16|F16|F32)$",
    re.IGNORECASE,
)
_PARAMETERS = re.compile(
    r"(?<![a-z0-9.])(?:(\d+x))?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE
)
_INSTRUCT = re.compile(r"(?<![a-z])(?:instruct|chat|it)(?![a-z])", re.IGNORECASE)
_PYTHON = re.compile(r"(?<![a-z])python(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class ModelFileName:
    """Empty strings for what the name does not say."""

    family: str
    parameters: str
    variant: Variant
    quantisation: str

    @property
    def bits(self) -> int:
        return bits(self.quantisation)

    @property
    def quality(self) -> str:
        return quality(self.quantisation)


def parse_file_name(file: str | PurePath) -> ModelFileName:
    """Understands a hub file name, or a catalogue name."""
    stem = re.sub(r"\.gguf$", "", PurePath(file).name, flags=re.IGNORECASE)
    stem = _SPLIT.sub("", stem)
    quantised = _QUANTISATION.search(stem)
    name = stem[: quantised.start()] if quantised else stem
    sized = _PARAMETERS.search(name)
    return ModelFileName(
        family=_family(name[: sized.start()] if sized else name),
        parameters=f"{(sized[1] or '').lower()}{sized[2]}{sized[3].upper()}" if sized else "",
        variant=_variant(name),
        quantisation=quantised[1].upper() if quantised else "",
    )


def bits(quantisation: str) -> int:
    """Bits a weight, by the name of the quantisation; 0 where it names none."""
    match = re.search(r"\d+", quantisation)
    return int(match[0]) if match else 0


def quality(quantisation: str) -> str:
    """The quality in words, or "" where the model cards have none."""
    return _QUALITY.get(quantisation.upper(), "")


def _family(name: str) -> str:
    cleaned = name.strip("-_.")
    for beginning, family in _FAMILIES.items():
        if cleaned.lower().startswith(beginning):
            return family
    return cleaned


def _variant(name: str) -> Variant:
    if _PYTHON.search(name):
        return "python"
    return "instruct" if _INSTRUCT.search(name) else "base"
