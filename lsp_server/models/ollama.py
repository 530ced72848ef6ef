"""Models that Ollama already has on this machine: a manifest names a blob, and the blob is a GGUF.

It is used where it lies; nothing is copied and nothing of Ollama's is changed.
    MODELS/manifests/registry.ollama.ai/library/codellama/7b-code   (JSON: layers with digests)
    MODELS/blobs/sha256-...
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lsp_server.errors import ModelMissing, UnknownModel

PREFIX = "ollama:"
_MODEL_LAYER = "application/vnd.ollama.image.model"
_REGISTRY, _LIBRARY = "registry.ollama.ai", "library"


@dataclass(frozen=True)
class OllamaModel:
    """`name` as `ollama list` shows it; `sha256` is what Ollama says of the blob."""

    name: str
    path: Path
    size: int
    sha256: str


def models_folders() -> list[Path]:
    """OLLAMA_MODELS, or the user's own and, on Linux, the system service's."""
    named = os.environ.get("OLLAMA_MODELS", "").strip()
    if named:
        return [Path(named).expanduser().absolute()]
    return [Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")]


def ollama_models() -> list[OllamaModel]:
    """Every model with its weights here, by name."""
    found = {model.name: model for folder in models_folders() for model in _in_folder(folder)}
    return [found[name] for name in sorted(found)]


def find(name: str) -> OllamaModel:
    """The model of a name such as `codellama:7b-code` (the tag defaults to `latest`).

    Raises UnknownModel, or ModelMissing where Ollama has the name but not the weights.
    """
    relative = _manifest_path(name)
    for folder in models_folders():
        manifest = folder / "manifests" / relative
        if not _is_file(manifest):
            continue
        model = _read(folder, manifest)
        if model is None:
            raise ModelMissing(
                f"Ollama has {name}, but not its weights as a file that can be read here.",
                f"Run `ollama pull {name}`, and check that you may read {folder / 'blobs'}.",
            )
        return model
    others = ", ".join(model.name for model in ollama_models())
    hint = f"It has: {others}." if others else "OLLAMA_MODELS names the folder of its models."
    raise UnknownModel(f"Ollama has no model {name!r} on this machine.", hint)


def file_name_of(name: str) -> str:
    """A file name that says what the model's name says, since its blob has none.

    Of Code Llama, a tag means the instruct model unless it says otherwise.
    """
    plain = name.removeprefix(PREFIX).rpartition("/")[2].replace(":", "-")
    if plain.startswith("codellama") and not re.search("instruct|code$|code-|python", plain[9:]):
        plain += "-instruct"
    return f"{plain}.gguf"


def _manifest_path(name: str) -> Path:
    """Where the manifest of a name lies below `manifests`."""
    match = re.fullmatch(r"((?:[\w.-]+/)*)([\w.-]+)(?::([\w.-]+))?", name)
    if match is None or ".." in name:
        raise UnknownModel(f"{name!r} is no name of an Ollama model.", "Such as codellama:7b-code.")
    parts = match[1].strip("/").split("/") if match[1] else [_LIBRARY]
    if len(parts) == 1:
        parts = [_REGISTRY, *parts]
    return Path(*parts, match[2], match[3] or "latest")


def _in_folder(folder: Path) -> Iterator[OllamaModel]:
    try:
        manifests = [path for path in (folder / "manifests").rglob("*") if path.is_file()]
    except OSError:
        return
    for manifest in manifests:
        model = _read(folder, manifest)
        if model is not None:
            yield model


def _read(folder: Path, manifest: Path) -> OllamaModel | None:
    """None where the manifest can't be understood, or its weights aren't here or can't be read."""
    try:
        layers = json.loads(manifest.read_text(encoding="utf-8"))["layers"]
        digest = next(layer["digest"] for layer in layers if layer["mediaType"] == _MODEL_LAYER)
        match = re.fullmatch(r"sha256:([0-9a-f]{64})", digest)
        if match is None:
            return None
        blob = folder / "blobs" / f"sha256-{match[1]}"
        size = blob.stat().st_size
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return None
    if not os.access(blob, os.R_OK):
        return None
    return OllamaModel(_name_of(manifest.relative_to(folder / "manifests")), blob, size, match[1])


def _name_of(manifest: Path) -> str:
    *parts, name, tag = manifest.parts
    if parts[:1] == [_REGISTRY]:
        parts = parts[1:]
    if parts == [_LIBRARY]:
        parts = []
    return "/".join([*parts, name]) + f":{tag}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be entered
        return False
