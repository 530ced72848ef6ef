"""What a model file is asked to do, and whether it can."""

from pathlib import Path

from lsp_server.engine.llama.model import LlamaModel
from lsp_server.errors import NotCapable
from lsp_server.models.capabilities import capabilities
from lsp_server.models.filename import parse_file_name
from lsp_server.models.gguf import read_gguf
from lsp_server.prompting.infill import Choice, choose_format


def infill_choice(model: LlamaModel, path: Path, family: str) -> Choice:
    """The infill format for a model.

    Raises NotCapable for Code Llama 34B and Python, which have the tokens but were not trained to
    infill with them.
    """
    metadata = read_gguf(path)
    able = capabilities(metadata, parse_file_name(path.name))
    if family == "auto" and metadata.has_fim_tokens and not able.infill:
        raise NotCapable(
            f"{path.name} can't complete: {able.why_no_infill}.",
            "Name a model that infills in models.infill: codellama-7b, codellama-13b or "
            "qwen2.5-coder-0.5b. This one can still serve as models.instruct if it is an instruct "
            "model.",
        )
    return choose_format(model.vocab, metadata.architecture, path.name, family)
