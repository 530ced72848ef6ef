"""Models as rows of a table: what they are, what they need, whether they fit."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsp_server.config import EngineSettings
from lsp_server.errors import ModelError
from lsp_server.models.capabilities import capabilities
from lsp_server.models.catalogue import Entry, HubSource, catalogue
from lsp_server.models.filename import bits, parse_file_name, quality
from lsp_server.models.fit import Machine, fit, reckoned
from lsp_server.models.gguf import GgufMetadata, read_gguf
from lsp_server.models.ollama import PREFIX, file_name_of, ollama_models
from lsp_server.models.store import is_here, path_of, pulled_from_hub


def all_rows(machine: Machine, settings: EngineSettings) -> list[dict[str, Any]]:
    """Every model with a name: the catalogue's, those pulled from a hub, and Ollama's."""
    rows = [_row(entry, machine, settings) for entry in (*catalogue().models, *pulled_from_hub())]
    for model in ollama_models():
        try:
            rows.append(_row_of_file(PREFIX + model.name, model.path, machine, settings))
        except ModelError:
            continue  # an adapter, or a kind of file that llama.cpp alone reads
    return rows


def cells_of(row: dict[str, Any]) -> tuple[str, ...]:
    fits = row["fits"] if row["memory"] else ""
    return (
        row["name"],
        in_bytes(row["bytes"]),
        in_words(row["quantisation"]),
        in_bytes(row["memory"]) if row["memory"] else "",
        ", ".join(row["roles"]),
        fits,
        "yes" if row["here"] else "no",
    )


TITLES = ("NAME", "SIZE", "QUANTISATION", "MEMORY", "DOES", "FITS", "HERE")


def in_bytes(size: int) -> str:
    """In the units that hubs use."""
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def in_words(quantisation: str) -> str:
    """As the hub's model cards say it: "Q5_K_M: large, very low quality loss"."""
    words = quality(quantisation).removesuffix(" - recommended")
    return f"{quantisation}: {words}" if words else quantisation


def facts(path: Path, metadata: GgufMetadata) -> dict[str, Any]:
    """What is known of one file."""
    name = parse_file_name(path)
    quantisation = metadata.quantisation or name.quantisation
    return {
        "path": str(path),
        "bytes": path.stat().st_size,
        "title": metadata.name,
        "family": name.family,
        "parameters": name.parameters,
        "variant": name.variant,
        "architecture": metadata.architecture,
        "quantisation": quantisation,
        "bits": bits(quantisation),
        "quality": quality(quantisation),
        "n_layer": metadata.n_layer,
        "n_ctx_train": metadata.n_ctx_train,
        "n_vocab": metadata.n_vocab,
        "kv_bytes_per_token": metadata.kv_bytes_per_token(),
        "can": asdict(capabilities(metadata, name)),
    }


def facts_in_words(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    can = found["can"]
    yield "File", found["path"]
    yield "Size", in_bytes(found["bytes"])
    yield "Title", found["title"]
    yield "Family", found["family"]
    yield "Parameters", found["parameters"]
    yield "Variant", found["variant"]
    yield "Architecture", found["architecture"]
    quantised = f"{found['quantisation']}, {found['bits']} bits" if found["quantisation"] else ""
    yield "Quantisation", f"{quantised}: {found['quality']}".rstrip(": ")
    yield "Layers", str(found["n_layer"])
    yield "Context", f"{found['n_ctx_train']} tokens"
    yield "Vocabulary", f"{found['n_vocab']} tokens"
    yield "KV cache", f"{found['kv_bytes_per_token'] / 1024:g} KiB a token (f16)"
    yield "Infills", "yes" if can["infill"] else f"no ({can['why_no_infill']})"
    yield "Instructs", "yes" if can["instruct"] else "no (it has no chat template)"


def not_here(entry: Entry, machine: Machine, settings: EngineSettings) -> dict[str, Any]:
    """What is known of a model before its file is here."""
    sources = [source.repository for source in entry.sources if isinstance(source, HubSource)]
    return _row(entry, machine, settings) | {
        "file": entry.file,
        "licence_page": catalogue().licences.get(entry.licence),
        "hub": sources,
        "sha256": entry.sha256,
    }


def not_here_in_words(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Name", f"{found['name']}, not on this machine yet"
    yield "Size", in_bytes(found["bytes"]) if found["bytes"] else ""
    yield "Family", found["family"]
    yield "Parameters", found["parameters"]
    yield "Quantisation", in_words(found["quantisation"])
    yield "Does", ", ".join(found["roles"])
    yield "Memory", in_bytes(found["memory"]) if found["memory"] else ""
    yield "Fits", found["fits"]
    page = found["licence_page"]
    yield "Licence", f"{found['licence']}: {page}" if page else found["licence"]
    yield "On the hub", ", ".join(f"{one}/{found['file']}" for one in found["hub"])
    yield "Fetch it", f"codellama-lsp models pull {found['name']}"


def _row(entry: Entry, machine: Machine, settings: EngineSettings) -> dict[str, Any]:
    here = is_here(entry)
    metadata = read_gguf(path_of(entry)) if here and entry.folder else reckoned(entry)
    return {
        "name": entry.name,
        "family": entry.family,
        "parameters": entry.parameters,
        "bytes": path_of(entry).stat().st_size if here else entry.about_bytes,
        "bytes_exact": here or entry.size is not None,
        "quantisation": entry.quantisation,
        "quality": quality(entry.quantisation),
        "licence": entry.licence,
        "licence_page": catalogue().licences.get(entry.licence),
        "roles": list(entry.roles),
        "here": here,
        "path": str(path_of(entry)) if here else None,
        **_fit(metadata, machine, settings),
    }


def _row_of_file(
    name: str, path: Path, machine: Machine, settings: EngineSettings
) -> dict[str, Any]:
    metadata = read_gguf(path)
    found = facts(path, metadata)
    can = capabilities(metadata, parse_file_name(file_name_of(name)))
    return {
        "name": name,
        "family": found["title"] or found["architecture"],
        "parameters": found["parameters"],
        "bytes": found["bytes"],
        "bytes_exact": True,
        "quantisation": found["quantisation"],
        "quality": found["quality"],
        "licence": None,
        "licence_page": None,
        "roles": [role for role in ("infill", "instruct") if getattr(can, role)],
        "here": True,
        "path": str(path),
        **_fit(metadata, machine, settings),
    }


def _fit(
    metadata: GgufMetadata | None, machine: Machine, settings: EngineSettings
) -> dict[str, Any]:
    if metadata is None:
        return {"memory": None, "fits": "", "n_gpu_layers": None}
    found = fit(metadata, machine, settings)
    layers = found.plan.n_gpu_layers
    return {"memory": found.total, "fits": found.in_words, "n_gpu_layers": layers}
