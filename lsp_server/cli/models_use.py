"""Which settings name a model, and which a model can stand in."""

from pathlib import Path

from lsp_server.cli.this_machine import config_or_default
from lsp_server.errors import NotCapable, UnknownModel
from lsp_server.models import ollama, store
from lsp_server.models.capabilities import capabilities
from lsp_server.models.catalogue import Entry
from lsp_server.models.filename import parse_file_name
from lsp_server.models.gguf import read_gguf


def roles_for(name: str, wanted: str | None) -> list[str]:
    """`infill`, `instruct` or both: what is wanted, or else all that the model can do.

    Raises UnknownModel, ModelMissing, ModelLoadError, and NotCapable where it can't do that.
    """
    path = store.locate(name)
    # A blob of Ollama's has no name of its own.
    said = ollama.file_name_of(name) if name.startswith(ollama.PREFIX) else path
    can = capabilities(read_gguf(path), parse_file_name(said))
    able = [role for role in ("infill", "instruct") if getattr(can, role)]
    asked = ["infill", "instruct"] if wanted == "both" else [wanted] if wanted else able
    if "infill" in asked and not can.infill:
        raise NotCapable(f"{name} can't complete: {can.why_no_infill}.", _HINT)
    if "instruct" in asked and not can.instruct:
        raise NotCapable(f"{name} can't follow instructions: it has no chat template.", _HINT)
    if not asked:
        raise NotCapable(f"{name} can neither complete nor follow instructions.", _HINT)
    return asked


_HINT = "`codellama-lsp models list` shows what each can do."


def setting_of(name: str) -> str:
    """How the settings name it: a path has to hold wherever the server is started."""
    if name.startswith(ollama.PREFIX) or store.entry_named(name) is not None:
        return name
    return str(Path(name).expanduser().absolute())


def removable(name: str) -> Entry:
    """Raises UnknownModel for what was not fetched by `models pull`."""
    if name.startswith(ollama.PREFIX):
        tag = name.removeprefix(ollama.PREFIX)
        raise UnknownModel(f"{name} is Ollama's.", f"`ollama rm {tag}` removes it.")
    entry = store.entry_named(name)
    if entry is None:
        path = store.locate(name)
        raise UnknownModel(f"{path} was not fetched by `models pull`.", "Delete it yourself.")
    return entry


def still_used(entry: Entry) -> list[str]:
    """The settings in force that name the entry."""
    named = config_or_default().models
    roles = {"models.infill": named.infill, "models.instruct": named.instruct}
    return [role for role, name in roles.items() if _names(name, entry)]


def _names(name: str, entry: Entry) -> bool:
    if name.startswith(ollama.PREFIX):
        return False
    other = store.entry_named(name)
    return other is not None and store.path_of(other) == store.path_of(entry)
