"""What a model file is asked to do, and whether it can."""

from pathlib import Path

from lsp_server.engine.llama.model import LlamaModel
from lsp_server.errors import NotCapable
from lsp_server.models.capabilities import capabilities
from lsp_server.models.filename import parse_file_name
from lsp_server.models.gguf import read_gguf
from lsp_server.prompting.infill import Choice, choose_format, end_tokens


def infill_choice(model: LlamaModel, path: Path, family: str) -> Choice:
    """The infill format for a model.

    Raises NotCapable for Code Llama 34B and Python, which have the tokens but were not trained to
    infill with them, and for a family named by hand whose tokens the model does not have.
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
    choice = choose_format(model.vocab, metadata.architecture, path.name, family)
    if any(token >= model.vocab.size for token in end_tokens(choice.format, model.vocab)):
        raise NotCapable(
            f"{path.name} is no {choice.format.family} model: its vocabulary ends before the "
            "family's infill tokens.",
            "Set infill.family to auto, or name another model in models.infill.",
        )
    return choice
