"""What a model can do, by its metadata and its file's name."""

from dataclasses import dataclass

from lsp_server.models.filename import ModelFileName
from lsp_server.models.gguf import GgufMetadata

_CODE_LLAMA_PREFIX = "▁<PRE>"
_LAYERS_34B, _LAYERS_70B = 48, 80


@dataclass(frozen=True)
class Capabilities:
    """`why_no_infill` says in one line what is missing, where infill is False."""

    infill: bool
    instruct: bool
    why_no_infill: str = ""


def capabilities(metadata: GgufMetadata, name: ModelFileName) -> Capabilities:
    """Only what the files say: a model that has the tokens may still infill badly."""
    why_not = _why_no_infill(metadata, name)
    return Capabilities(not why_not, _can_instruct(metadata, name), why_not)


def _why_no_infill(metadata: GgufMetadata, name: ModelFileName) -> str:
    if not metadata.has_fim_tokens:
        return "its vocabulary has no infill tokens"
    if metadata.fim_prefix != _CODE_LLAMA_PREFIX:
        return ""
    # All Code Llama models have the tokens, but only some were trained to infill with them.
    if name.variant == "python" or "python" in metadata.name.lower():
        return "Code Llama Python was not trained to infill; codellama-7b and 13b were"
    base = not _can_instruct(metadata, name)
    if metadata.n_layer == _LAYERS_34B or (metadata.n_layer == _LAYERS_70B and not base):
        return "this size of Code Llama was not trained to infill; codellama-7b and 13b were"
    return ""


def _can_instruct(metadata: GgufMetadata, name: ModelFileName) -> bool:
    # Old Code Llama files have no template in them; the product has Meta's own.
    if name.family == "Code Llama" or metadata.fim_prefix == _CODE_LLAMA_PREFIX:
        return name.variant == "instruct" or "instruct" in metadata.name.lower()
    return metadata.has_chat_template
