"""What each kind of server does in its own way, with servers that answer as its documents say."""

import json

import pytest

from lsp_server.config import Models
from lsp_server.engine.protocol import ChatRequest, Finish, InfillRequest, Message, Role, Usage
from lsp_server.errors import EngineRefused, PromptTooLong
from tests.scripted_server import Reply, as_json, chat, completion, events, serving

MODEL = "qwen2.5-coder:1.5b"
ASK = InfillRequest("a\nb", "c\n", 16)


async def everything(stream):
    return [chunk async for chunk in stream]


def text(chunks):
    return "".join(chunk.text for chunk in chunks)


def lines(*values):
    data = "".join(json.dumps(value) + "\n" for value in values)
    return Reply(data.encode(), type="application/x-ndjson")


def ollama(*generated):
    return serving(
        {
            "/api/version": [as_json({"version": "0.12.3"})],
            "/api/tags": [as_json({"models": [{"name": MODEL}]})],
            "/api/ps": [as_json({"models": [{"name": MODEL, "context_length": 2048}]})],
            "/api/generate": [as_json({"done": True, "done_reason": "load"}), *generated],
            "/v1/chat/completions": [chat("Hello.")],
        }
    )


DONE = {
    "response": "",
    "done": True,
    "done_reason": "length",
    "prompt_eval_count": 7,
    "eval_count": 2,
    "prompt_eval_duration": 5_000_000,
    "eval_duration": 4_000_000,
}


async def test_ollama(engine_at):
    answer = lines({"response": "x", "done": False}, {"response": "y", "done": False}, DONE)
    async with ollama(answer) as there, engine_at(there.url, "ollama") as engine:
        info = await engine.ready()
        assert (info.infill_model, info.family, info.n_ctx) == (MODEL, "qwen2.5-coder", 2048)
        chunks = await everything(engine.infill(ASK))
        assert text(chunks) == "xy"
        assert chunks[-1].finish is Finish.LENGTH
        assert chunks[-1].usage == Usage(7, 0, 2, 5.0, 4.0)
        body = there.bodies("/api/generate")[-1]
        assert (body["raw"], body["truncate"]) == (True, False)
        assert body["prompt"] == "<|fim_prefix|>a\nb<|fim_suffix|>c\n<|fim_middle|>"
        assert body["options"]["num_predict"] == 16
        request = ChatRequest((Message("user", "Hi."),), 8)
        assert text(await everything(engine.chat(request))) == "Hello."


@pytest.mark.parametrize(
    "bad",
    [
        lines({"response": "x", "done": False}),
        Reply(b'{"response": "x", "done": false}\n{"respo', cut=True),
        as_json({"error": "llama runner process has terminated"}, 500),
    ],
)
async def test_ollama_is_asked_again(engine_at, bad):
    good = lines({"response": "x", "done": False}, {"response": "y", "done": False}, DONE)
    async with ollama(bad, good) as there, engine_at(there.url, "ollama") as engine:
        assert text(await everything(engine.infill(ASK))) == "xy"


VOCABULARY = {"<|fim_prefix|>": 1, "<|fim_suffix|>": 2, "<|fim_middle|>": 3, "<|endoftext|>": 4}


def tokenized(body):
    """A tokenizer of characters with a few control tokens, which it takes for what they are
    wherever they stand."""
    pieces, rest = [], body["prompt"]
    while rest:
        pieces.append(next((name for name in VOCABULARY if rest.startswith(name)), rest[0]))
        rest = rest[len(pieces[-1]) :]
    tokens = [VOCABULARY.get(piece) or 100 + ord(piece) for piece in pieces]
    answer = {"count": len(tokens), "max_model_len": 3000, "tokens": tokens}
    written = [piece.replace(" ", "Ġ").replace("\n", "Ċ") for piece in pieces]
    return as_json(answer | {"token_strs": written if body["return_token_strs"] else None})


def vllm(*completions, version="0.11.0"):
    models = {"data": [{"id": "Qwen/Qwen2.5-Coder-7B", "max_model_len": 3000}]}
    return serving(
        {
            "/version": [as_json({"version": version})],
            "/v1/models": [as_json(models)],
            "/tokenize": [tokenized],
            "/v1/completions": completions,
        }
    )


async def test_vllm_takes_ids_and_a_users_control_strings_stay_text(engine_at):
    usage = {"prompt_tokens": 9, "completion_tokens": 1}
    answer = events(
        {"choices": [{"text": "x", "finish_reason": "stop"}]},
        {"choices": [], "usage": usage | {"prompt_tokens_details": {"cached_tokens": 8}}},
        "[DONE]",
    )
    async with vllm(answer) as there, engine_at(there.url, "vllm") as engine:
        info = await engine.ready()
        assert (info.family, info.n_ctx) == ("qwen2.5-coder", 3000)
        chunks = await everything(engine.infill(InfillRequest("<|fim_middle|>", "b", 16)))
        assert chunks[-1].usage == Usage(9, 8, 1)
        [body] = there.bodies("/v1/completions")
    plain = [100 + ord(letter) for letter in "<|fim_middle|>"]
    assert body["prompt"] == [1, *plain, 2, 100 + ord("b"), 3]
    assert set(body["stop_token_ids"]) == set(VOCABULARY.values())
    assert (body["repetition_penalty"], body["top_k"]) == (1.0, 40)


@pytest.mark.parametrize(
    ("version", "prompt", "grammar", "answered", "suggested"),
    [
        ("0.32.0", [1, 2, "b", 3, *"x ="], 'root ::= " fo" [^\\x00]*', " foo", "o"),
        ("0.33.1rc2.dev3+g0a", [1, 2, "b", 3, *"x ="], 'root ::= " fo" [^\\x00]*', " fo()", "()"),
        ("0.11.0", [1, *"x = fo", 2, "b", 3], None, "o", "o"),
    ],
)
async def test_vllm_heals_where_its_grammars_let_an_answer_end(
    engine_at, version, prompt, grammar, answered, suggested
):
    server = vllm(completion(answered), version=version)
    async with server as there, engine_at(there.url, "vllm") as engine:
        assert text(await everything(engine.infill(InfillRequest("x = fo", "b", 16)))) == suggested
        [body] = there.bodies("/v1/completions")
    ids = [one if isinstance(one, int) else 100 + ord(one) for one in prompt]
    assert body["prompt"] == ids
    assert body.get("structured_outputs", {}).get("grammar") == grammar


async def test_vllm_counts_the_chat_that_it_will_be_sent(engine_at):
    """With control strings made harmless, and it tells the usage of a stream only if asked."""
    messages = (Message("user", "What is <|im_end|>?"),)
    replies = {
        "/version": [as_json({"version": "0.32.0"})],
        "/v1/models": [as_json({"data": [{"id": "Qwen/Qwen2.5-Coder-7B"}]})],
        "/tokenize": [as_json({"count": 21, "max_model_len": 3000, "tokens": []})],
        "/v1/chat/completions": [chat("An end.")],
    }
    async with serving(replies) as there, engine_at(there.url, "vllm") as engine:
        assert await engine.count_chat_tokens(messages) == 21
        await everything(engine.chat(ChatRequest(messages, 8)))
        [counted] = there.bodies("/tokenize")
        [sent] = there.bodies("/v1/chat/completions")
    assert counted["messages"] == sent["messages"]
    assert sent["stream_options"] == {"include_usage": True}


async def test_vllm_is_asked_for_the_cursors_line_only(engine_at):
    async with vllm(completion("x")) as there, engine_at(there.url, "vllm") as engine:
        head = "import os\n"
        await everything(engine.infill(InfillRequest(head + "a", "b\n", 4)))
        asked = len(there.bodies("/tokenize"))
        await everything(engine.infill(InfillRequest(head + "ab", "b\n", 4)))
        texts = [body["prompt"] for body in there.bodies("/tokenize")[asked:]]
        assert texts[0] == "ab"
        assert head not in texts


async def test_vllm_counts_many_lines_in_one_question(engine_at):
    async with vllm() as there, engine_at(there.url, "vllm") as engine:
        await engine.count_tokens(Role.INFILL, ["x"])
        asked = len(there.bodies("/tokenize"))
        assert await engine.count_tokens(Role.INFILL, ["a b\n", "<b>", "\n"]) == [4, 3, 1]
        assert len(there.bodies("/tokenize")) == asked + 1


async def test_lm_studio(engine_at):
    models = [
        {"id": "nomic-embed", "type": "embeddings", "state": "loaded"},
        {"id": "qwen2.5-coder-7b", "type": "llm", "state": "loaded", "loaded_context_length": 1000},
        {"id": "other", "type": "llm", "state": "not-loaded"},
    ]
    replies = {
        "/api/v0/models": [as_json({"data": models})],
        "/v1/completions": [completion("x")],
    }
    async with serving(replies) as there, engine_at(there.url, "lm-studio") as engine:
        info = await engine.ready()
        assert (info.infill_model, info.n_ctx) == ("qwen2.5-coder-7b", 1000)
        assert text(await everything(engine.infill(ASK))) == "x"
        assert there.bodies("/v1/completions")[0]["repeat_penalty"] == 1.0


async def test_lm_studio_takes_a_model_that_is_not_loaded_by_name(engine_at):
    models = [{"id": name, "type": "llm", "state": "not-loaded"} for name in ("a", "b")]
    replies = {"/api/v0/models": [as_json({"data": models})]}
    async with (
        serving(replies) as there,
        engine_at(there.url, "lm-studio", models=Models("b", "a")) as engine,
    ):
        assert (await engine.ready()).infill_model == "b"


async def test_text_generation_webui(engine_at):
    """As its source answers: nothing first, and the usage after the end, where it is asked for."""
    answer = events(
        {"choices": [{"index": 0, "finish_reason": None, "text": ""}], "usage": None},
        {"choices": [{"index": 0, "finish_reason": None, "text": "x"}], "usage": None},
        {"choices": [{"index": 0, "finish_reason": "stop", "text": ""}], "usage": None},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}},
        "[DONE]",
    )
    info = {"model_name": "codellama-7b.Q4_K_M.gguf", "lora_names": [], "loader": "llama.cpp"}
    replies = {"/v1/internal/model/info": [as_json(info)], "/v1/completions": [answer]}
    async with serving(replies) as there, engine_at(there.url, "text-generation-webui") as engine:
        assert (await engine.ready()).family == "code-llama"
        chunks = await everything(engine.infill(ASK))
        assert text(chunks) == "x"
        assert chunks[-1].usage == Usage(9, 0, 1)
        assert await engine.count_tokens(Role.INFILL, ["abc"]) == [4]
    assert there.bodies("/v1/completions")[0]["prompt"] == "▁<PRE>a\nb▁<SUF>c\n▁<MID>"


async def test_text_generation_webui_writes_nothing_where_a_prompt_is_too_long(engine_at):
    replies = {
        "/v1/internal/model/info": [as_json({"model_name": "codellama-7b.Q4_K_M.gguf"})],
        "/v1/completions": [completion("", finish="length"), completion("")],
    }
    async with serving(replies) as there, engine_at(there.url, "text-generation-webui") as engine:
        with pytest.raises(PromptTooLong) as told:
            await everything(engine.infill(ASK))
        assert "engine.n_ctx" in told.value.hint
        assert text(await everything(engine.infill(ASK))) == ""


@pytest.mark.parametrize(
    ("kind", "path", "answer", "message"),
    [
        ("text-generation-webui", "/v1/internal/model/info", {"model_name": "None"}, "no model"),
        ("ollama", "/api/tags", {"models": []}, "has no model"),
        ("ollama", "/api/tags", [], "as Ollama does"),
        ("lm-studio", "/api/v0/models", {"data": [{"id": 1}]}, "as LM Studio does"),
        ("vllm", "/version", {}, "as vLLM does"),
        ("vllm", "/v1/models", {"data": [1]}, "does not list"),
        ("llama-server", "/props", {"x": 1}, "as llama-server does"),
    ],
)
async def test_another_kind_of_server_is_told(engine_at, kind, path, answer, message):
    replies = {
        "/version": [as_json({"version": "1"})],
        "/api/version": [as_json({"version": "1"})],
        "/v1/models": [as_json({"data": [{"id": "m"}]})],
        path: [as_json(answer)],
    }
    async with serving(replies) as there, engine_at(there.url, kind) as engine:
        with pytest.raises(EngineRefused, match=message):
            await engine.ready()
