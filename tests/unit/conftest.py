"""Tiny models and vocabularies that several rooms' tests load."""

import pytest
from hypothesis import settings

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.model import LlamaModel
from lsp_server.models.store import locate
from tests.unit.engine.tiny import VOCAB, write_code_llama

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory):
    """A random-weight llama with Code Llama's vocabulary."""
    return write_code_llama(tmp_path_factory.mktemp("models") / "tiny-code-llama.gguf")


@pytest.fixture(scope="session")
def tiny_model(tiny_path):
    model = LlamaModel(tiny_path, EngineSettings(), vocab_only=True)
    yield model
    model.close()


@pytest.fixture(scope="session")
def llama2_model():
    """Llama 2's vocabulary: Code Llama's without the tokens that it adds."""
    model = LlamaModel(VOCAB, EngineSettings(), vocab_only=True)
    yield model
    model.close()


@pytest.fixture(scope="session")
def qwen_model():
    """The vocabulary of the embedded model; `codellama-lsp models pull` fetches the file."""
    model = LlamaModel(locate("qwen2.5-coder-0.5b"), EngineSettings(), vocab_only=True)
    yield model
    model.close()
