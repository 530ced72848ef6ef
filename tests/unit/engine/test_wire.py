"""The engine's requests and answers as JSON, there and back."""

import pytest

from lsp_server.config import Sampling
from lsp_server.engine import wire
from lsp_server.engine.protocol import (
    ChatRequest,
    Chunk,
    EngineInfo,
    FileText,
    Finish,
    InfillRequest,
    Message,
    Repository,
    Usage,
)
from lsp_server.errors import EngineError, ModelMissing, NotEnoughMemory, PromptTooLong

USAGE = Usage(100, 90, 7, 12.5, 80.25)


@pytest.mark.parametrize(
    "request_",
    [
        InfillRequest("a = ", "\n", 16),
        InfillRequest(
            "", "", 0, Sampling(temperature=0.5, seed=7), "psm", True, background="later"
        ),
        InfillRequest("é👩‍💻\t", "\r\n", 1, heal=False, order="spm"),
        InfillRequest("a", "b", 9, alternatives=3),
        InfillRequest("a", "b", 9, repository=Repository("shop", "b.py", (FileText("a.py", "A"),))),
    ],
)
def test_an_infill_request_comes_back(request_):
    assert wire.infill_request(wire.infill_body(request_)) == request_


def test_a_chat_request_comes_back():
    messages = (Message("system", "Be brief."), Message("user", "Why?"), Message("assistant", "."))
    request = ChatRequest(messages, 32, Sampling(top_k=3), copies=True)
    assert wire.chat_request(wire.chat_body(request)) == request


@pytest.mark.parametrize(
    "chunk",
    [Chunk("a"), Chunk("", Finish.STOP, USAGE), Chunk("b", Finish.LENGTH, USAGE)],
)
def test_a_chunk_comes_back(chunk):
    assert wire.chunk_of_infill(wire.infill_event(chunk)) == chunk
    assert wire.chunk_of_chat(wire.chat_event(chunk, "model")) == chunk


def test_an_alternatives_chunk_comes_back():
    chunk = Chunk("a", Finish.STOP, USAGE, index=2, likelihood=-0.5)
    assert wire.chunk_of_infill(wire.infill_event(chunk)) == chunk


def test_what_is_loaded_comes_back():
    info = EngineInfo("a.gguf", "b.gguf", "code-llama", 4096, True, "Only 3 layers.")
    assert wire.info_of(wire.info_json(info)) == info


@pytest.mark.parametrize("kind", [EngineError, ModelMissing, NotEnoughMemory])
def test_an_error_comes_back_as_it_was_raised(kind):
    error = wire.error_of(wire.error_json(kind("It failed.", "Do this.")))
    assert type(error) is kind
    assert str(error) == "It failed. Do this."


def test_another_servers_error_is_an_engine_error():
    error = wire.error_of({"error": {"code": 400, "message": "no", "type": "invalid_request"}})
    assert type(error) is EngineError
    assert error.message == "no"


@pytest.mark.parametrize(
    "told",
    [
        {"type": "exceed_context_size_error", "message": "the request exceeds 1024 tokens"},
        "request (1101 tokens) exceeds the available context size (1024 tokens)",
        "the prompt is longer than the context length currently available to the model",
        {
            "message": "This model's maximum context length is 1024 tokens. However, your prompt "
            "contains 1101 input tokens. (parameter=input_tokens, value=1101)",
            "type": "BadRequestError",
            "param": "input_tokens",
            "code": 400,
        },
    ],
)
def test_a_prompt_that_did_not_fit_another_server_is_too_long(told):
    error = wire.error_of({"error": told})
    assert type(error) is PromptTooLong
    assert error.message == (told if isinstance(told, str) else told["message"])
    assert wire.is_ours({"error": told})


def test_llama_vims_request_is_understood():
    request = wire.infill_request(
        {"input_prefix": "def f():\n", "prompt": "    re", "input_suffix": "\n", "n_predict": -1}
    )
    assert request.prefix == "def f():\n    re"
    assert request.max_tokens > 0


def test_llama_vims_other_files_are_understood():
    body = {"input_prefix": "a", "input_extra": [{"filename": "b.py", "text": "B = 1"}]}
    assert wire.infill_request(body).repository == Repository("", "", (FileText("b.py", "B = 1"),))


@pytest.mark.parametrize("extra", ["text", [1], [{"filename": 1}]])
def test_other_files_that_are_none_are_refused(extra):
    with pytest.raises(EngineError):
        wire.infill_request({"input_extra": extra})


def test_openais_content_parts_are_joined():
    body = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}]
    }
    assert wire.messages(body) == (Message("user", "ab"),)
