"""Infill formats as data: prompts/infill/*.yaml, one file for each family of models."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from lsp_server.engine.protocol import Order
from lsp_server.errors import PromptFileError
from lsp_server.prompting.files import prompts_dir
from lsp_server.prompting.tokenizer import Tokenizer

PREFIX, SUFFIX = "$prefix", "$suffix"
# The family for models that can't infill: the prefix alone; the suffix only stops the middle.
PLAIN = "plain"
_REQUIRED = {"family", "architectures", "bos", "orders", "end", "order", "heal", "measured"}
_OPTIONAL = {"ids", "names", "files"}
_FILES = {"repository", "after_repository", "file"}


@dataclass(frozen=True)
class InfillFormat:
    """How one family of models infills.

    `architectures` are the GGUF's general.architecture values that the family has. `orders` maps
    psm and spm to their parts: `$prefix` and `$suffix` stand for text, all else is a control token
    by its text. `names` finds the family in the name of a served model, whose file nobody can look
    into. `end` are the tokens that end a middle besides the model's own end-of-generation
    tokens. `order` is the default and `heal` the orders in which healing is on: both measured.
    `ids` gives control tokens their ids for vocabulary files that end before them. `files` says
    how the family is shown other files: the tokens before the repository's name and before a file's
    path, and the text after that name; empty where it was trained on one file alone.
    """

    family: str
    architectures: tuple[str, ...]
    bos: bool
    orders: Mapping[str, tuple[str, ...]]
    end: tuple[str, ...]
    order: Order
    heal: tuple[str, ...]
    ids: Mapping[str, int] = field(default_factory=dict)
    names: re.Pattern[str] | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def control_tokens(self) -> set[str]:
        """The texts of all control tokens that the format's orders use."""
        parts = {part for order in self.orders.values() for part in order}
        return parts - {PREFIX, SUFFIX}

    def fits(self, tokenizer: Tokenizer, architecture: str) -> bool:
        """Whether a model is of this family: its architecture, and every control token."""
        return architecture in self.architectures and self.has_tokens(tokenizer)

    def has_tokens(self, tokenizer: Tokenizer) -> bool:
        return all(tokenizer.control(text) is not None for text in self.control_tokens)

    def shows_files(self, tokenizer: Tokenizer) -> bool:
        """Whether other files can be shown in the family's own way."""
        tokens = [self.files.get("repository"), self.files.get("file")]
        return all(text and self.token(text, tokenizer) is not None for text in tokens)

    def token(self, text: str, tokenizer: Tokenizer) -> int | None:
        """A control token's id: the vocabulary's own, else the one in `ids`."""
        token = tokenizer.control(text)
        return self.ids.get(text) if token is None else token


@cache
def load_formats() -> Mapping[str, InfillFormat]:
    """Every format by its family. Raises PromptFileError."""
    files = sorted((prompts_dir() / "infill").glob("*.yaml"))
    return {found.family: found for found in map(read_format, files)}


def read_format(path: Path) -> InfillFormat:
    """One format file, checked. Raises PromptFileError naming the file."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise PromptFileError(f"{path}: expected keys with values.")
    wrong = (_REQUIRED - set(data)) | (set(data) - _REQUIRED - _OPTIONAL)
    if wrong:
        raise PromptFileError(f"{path}: unknown or missing keys: {', '.join(sorted(wrong))}.")
    return _checked(path, data)


def _checked(path: Path, data: dict[str, Any]) -> InfillFormat:
    orders = {name: tuple(parts) for name, parts in data["orders"].items()}
    for name, parts in orders.items():
        if name not in get_args(Order):
            raise PromptFileError(f"{path}: orders: {name!r} is neither psm nor spm.")
        suffixes = 0 if data["family"] == PLAIN else 1
        if parts.count(PREFIX) != 1 or parts.count(SUFFIX) != suffixes:
            raise PromptFileError(f"{path}: orders.{name}: needs one $prefix and one $suffix.")
    if "files" in data and set(data["files"]) != _FILES:
        raise PromptFileError(f"{path}: files: needs {', '.join(sorted(_FILES))}.")
    for name in (data["order"], *data["heal"]):
        if name not in orders:
            raise PromptFileError(f"{path}: {name!r} is none of its orders.")
    return InfillFormat(
        family=data["family"],
        architectures=tuple(data["architectures"]),
        bos=data["bos"],
        orders=orders,
        end=tuple(data["end"]),
        order=data["order"],
        heal=tuple(data["heal"]),
        ids=data.get("ids", {}),
        names=re.compile(data["names"], re.IGNORECASE) if "names" in data else None,
        files=data.get("files", {}),
    )
