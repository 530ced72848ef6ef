"""What a server that speaks OpenAI's HTTP is asked, and what is made of its answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.config import Models
from lsp_server.engine.protocol import ChatRequest, InfillRequest, Message, Role, Usage
from lsp_server.engine.remote.vocabulary import estimate
from lsp_server.errors import EngineRefused, NotCapable
from lsp_server.prompting.control_text import Harmless, known_control_texts, unmarked
from tests.scripted_server import MODELS, as_json, chat, completion, events, serving

COMPLETIONS, CHAT = "/v1/completions", "/v1/chat/completions"


def server(*replies, names=("Qwen/Qwen2.5-Coder-7B",)):
    models = as_json({"data": [{"id": name} for name in names]})
    return serving({"/v1/models": [models], COMPLETIONS: replies, CHAT: replies})


async def everything(stream):
    return [chunk async for chunk in stream]


async def test_the_familys_prompt_as_text_and_standard_parameters_only(engine_at):
    async with server(completion("x")) as there, engine_at(there.url + "/v1/") as engine:
        await everything(engine.infill(InfillRequest("a\nb", "c\n", 16)))
        [body] = there.bodies(COMPLETIONS)
    assert body == {
        "model": "Qwen/Qwen2.5-Coder-7B",
        "prompt": "<|fim_prefix|>a\nb<|fim_suffix|>c\n<|fim_middle|>",
        "max_tokens": 16,
        "stream": True,
        "stop": ["<|endoftext|>", "<|file_sep|>", "<|fim_pad|>", "<|im_end|>"],
        "temperature": 0.01,
        "top_p": 0.95,
        "seed": 0,
    }


async def test_a_users_control_strings_are_harmless_and_answers_are_without_marks(engine_at):
    code = 'stop = "<|fim_suffix|>"\n'
    seen = []
    async with server(completion('x = "<\u2060|fim_middle|>"')) as there:
        async with engine_at(there.url) as engine:
            seen = await everything(engine.infill(InfillRequest(code, code, 16)))
        [body] = there.bodies(COMPLETIONS)
    assert body["prompt"].count("<|fim_suffix|>") == 1
    assert "".join(chunk.text for chunk in seen) == 'x = "<|fim_middle|>"'


async def test_a_chats_control_strings_are_harmless(engine_at):
    async with server(chat("It ends ", "with <\u2060|im_end|>.")) as there:
        async with engine_at(there.url) as engine:
            messages = (Message("system", "Be brief."), Message("user", "What is <|im_end|>?"))
            chunks = await everything(engine.chat(ChatRequest(messages, 32)))
        [body] = there.bodies(CHAT)
    assert "<|im_end|>" not in body["messages"][1]["content"]
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "".join(chunk.text for chunk in chunks) == "It ends with <|im_end|>."


async def test_the_session_is_the_same_in_all_requests_and_another_in_another_engine(engine_at):
    sessions = []
    for _ in range(2):
        async with server(completion("x")) as there, engine_at(there.url) as engine:
            await everything(engine.infill(InfillRequest("a", "", 4)))
            [session] = {asked.headers["x-session-id"] for asked in there.asked}
            sessions.append(session)
    assert sessions[0] != sessions[1]


async def test_the_key_is_of_the_environment_and_in_no_error(engine_at, monkeypatch, caplog):
    monkeypatch.setenv("CODELLAMA_API_KEY", "s3cret")
    caplog.set_level("DEBUG")
    async with server(as_json({"error": "no"}, 401)) as there, engine_at(there.url) as engine:
        with pytest.raises(EngineRefused) as refused:
            await everything(engine.infill(InfillRequest("a", "", 4)))
        assert there.asked[0].headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in str(refused.value) + caplog.text


async def test_usage_after_the_last_text_counts(engine_at):
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": None}
    reply = events(
        {"choices": [{"text": "x", "finish_reason": None}]},
        {"choices": [{"text": "", "finish_reason": "length"}]},
        {"choices": [], "usage": usage},
        "[DONE]",
    )
    async with server(reply) as there, engine_at(there.url) as engine:
        last = (await everything(engine.infill(InfillRequest("a", "", 1))))[-1]
        assert last.usage == Usage(9, 0, 2)
        assert (await engine.totals()).evaluated == 9


@pytest.mark.parametrize(
    ("names", "models", "chosen"),
    [
        (["only"], Models(), ("only", "only")),
        (["a", "b"], Models("b", "a"), ("b", "a")),
        (["a:latest", "b"], Models("a", "b"), ("a:latest", "b")),
    ],
)
async def test_the_served_model_is_chosen(engine_at, names, models, chosen):
    async with (
        server(names=names) as there,
        engine_at(there.url, models=models, family="plain") as engine,
    ):
        info = await engine.ready()
    assert (info.infill_model, info.instruct_model) == chosen


@pytest.mark.parametrize(
    ("told", "n_ctx"),
    [
        ({"max_model_len": 1000}, 1000),
        ({"meta": {"n_ctx": 2000}}, 2000),
        ({"meta": None}, 4096),
        ({"max_model_len": 100_000}, 4096),
    ],
)
async def test_the_context_is_the_servers_where_it_is_told_and_the_settings_at_most(
    engine_at, told, n_ctx
):
    models = as_json({"data": [{"id": "qwen2.5-coder", **told}]})
    async with serving({"/v1/models": [models]}) as there, engine_at(there.url) as engine:
        assert (await engine.ready()).n_ctx == n_ctx


async def test_several_models_and_none_named_is_told_with_their_names(engine_at):
    async with server(names=["a", "b"]) as there, engine_at(there.url) as engine:
        with pytest.raises(EngineRefused, match="Name one that it serves: a, b"):
            await engine.ready()


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen/Qwen2.5-Coder-7B-Instruct", "qwen2.5-coder"),
        ("qwen2.5-coder:1.5b-base", "qwen2.5-coder"),
        ("codellama/CodeLlama-7b-hf", "code-llama"),
        ("codellama:13b-code", "code-llama"),
        ("bigcode/starcoder2-15b", "starcoder2"),
        ("deepseek-ai/deepseek-coder-6.7b-base", "deepseek-coder"),
        ("google/codegemma-7b", "codegemma"),
        ("mistralai/Codestral-22B-v0.1", "codestral"),
        ("/home/me/codellama-lsp/models/qwen2.5-coder-0.5b.gguf", "qwen2.5-coder"),
    ],
)
async def test_the_family_is_in_the_served_models_name(engine_at, model, family):
    async with server(names=[model]) as there, engine_at(there.url) as engine:
        assert (await engine.ready()).family == family


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "of no family"),
        ("codellama:34b-code", "not trained to infill"),
        ("CodeLlama-7b-Python", "not trained to infill"),
        ("codellama-70b-instruct", "not trained to infill"),
    ],
)
async def test_a_model_that_cant_infill_says_so_and_still_chats(engine_at, model, why):
    async with server(chat("Hello."), names=[model]) as there, engine_at(there.url) as engine:
        assert why in (await engine.ready()).notice
        with pytest.raises(NotCapable, match=why):
            await everything(engine.infill(InfillRequest("a", "", 4)))
        request = ChatRequest((Message("user", "Hi."),), 8)
        assert (await everything(engine.chat(request)))[0].text == "Hello."


async def test_the_estimate_counts_each_text(engine_at):
    async with serving({"/v1/models": [MODELS]}) as there, engine_at(there.url) as engine:
        assert await engine.count_tokens(Role.INFILL, ["", "abc", "é"]) == [1, 4, 3]
        assert await engine.count_chat_tokens([Message("user", "abc")]) > 4


@given(st.text(max_size=40), st.sampled_from(sorted(known_control_texts())), st.text(max_size=40))
def test_harmless_text_has_no_control_text_and_can_be_had_back(before, control, after):
    text = before + control + after
    harmless = Harmless.of(text)
    assert not any(one in harmless.text for one in known_control_texts())
    assert unmarked(harmless.text) == unmarked(text)
    assert estimate(text) >= len(text)
