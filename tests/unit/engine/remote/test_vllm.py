"""The real vLLM on a tiny model with Code Llama's vocabulary; see tests/vllm.py."""

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest

from lsp_server.engine.protocol import ChatRequest, Finish, InfillRequest, Message, Role
from lsp_server.errors import EngineRefused, PromptTooLong
from lsp_server.prompting.control_text import control_texts
from lsp_server.prompting.infill import end_tokens, infill_prompt
from tests.unit.engine.tiny_folder import write_folder
from tests.vllm import vllm

PAIRS = Path(__file__).parents[3] / "data" / "infill.jsonl"
NAME = "codellama/CodeLlama-7b-hf"
HELLO = (Message("user", "Say hello."),)
CONTROL = range(32007, 32011)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp("vllm") / "tiny")
    options = ("--max-model-len", "1024", "--enable-prompt-tokens-details", "--api-key", "s3cret")
    with vllm(folder, NAME, *options) as served:
        yield served


@pytest.fixture
async def engine(url, engine_at, monkeypatch):
    monkeypatch.setenv("CODELLAMA_API_KEY", "s3cret")
    async with engine_at(url, "vllm") as made:
        yield made


def pairs():
    with PAIRS.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


async def everything(stream):
    return [chunk async for chunk in stream]


def text(chunks):
    return "".join(chunk.text for chunk in chunks)


async def test_it_says_what_it_can_do(engine):
    info = await engine.ready()
    assert (info.infill_model, info.family, info.n_ctx) == (NAME, "code-llama", 1024)
    assert (await engine.server()).served.version


async def test_a_wrong_key_is_told_with_what_to_do(url, engine_at, monkeypatch):
    monkeypatch.setenv("CODELLAMA_API_KEY", "wrong")
    async with engine_at(url, "vllm") as engine:
        with pytest.raises(EngineRefused) as refused:
            await engine.ready()
    assert refused.value.status == 401
    assert "codellama-lsp engine key" in refused.value.hint


async def test_prompts_are_those_of_the_reference(engine, tiny_model):
    """But where a text has control strings, which are cut: there no text becomes a token."""
    server = await engine.server()
    vocabulary = await server.vocabulary()
    for pair in pairs():
        words = await vocabulary.fetched(pair["prefix"], pair["suffix"])
        plain = not control_texts().search(pair["prefix"] + pair["suffix"])
        for order in ("psm", "spm"):
            made = infill_prompt(
                server.format, words, pair["prefix"], pair["suffix"], order=order, healing=False
            )
            assert made.tokens == pair[order] or not plain, pair
            assert sum(token in CONTROL for token in made.tokens) == 3, pair
            assert max(made.tokens) < 32016
        healed = infill_prompt(server.format, words, pair["prefix"], pair["suffix"])
        wanted = infill_prompt(server.format, tiny_model.vocab, pair["prefix"], pair["suffix"])
        assert healed == wanted or not plain, pair
    assert end_tokens(server.format, words) == end_tokens(server.format, tiny_model.vocab)


@pytest.mark.parametrize("control", ["<FILL_ME>", "</s>", "▁<MID>", "▁<EOT>", "[INST]"])
async def test_a_users_control_strings_stay_text(engine, control):
    server = await engine.server()
    words = await (await server.vocabulary()).fetched(f"a = '{control}'\nb", f"{control}\n")
    tokens = words.encode(f"a = '{control}'\nb") + words.encode_inside(f"{control}\n")
    assert not {0, 1, 2, *CONTROL} & set(tokens)
    assert await everything(engine.infill(InfillRequest(f"a = '{control}'\nb", control, 2)))


async def test_the_answer_is_streamed_repeats_and_comes_from_the_cache(engine):
    request = InfillRequest("def f(x):\n    y = x + 1\n" * 12, "\n", 8)
    first = await everything(engine.infill(request))
    assert len(first) > 2
    assert first[-1].finish is Finish.LENGTH
    assert first[-1].usage.generated_tokens == 8
    again = await everything(engine.infill(request))
    assert text(again) == text(first)
    assert again[-1].usage.cached_tokens > again[-1].usage.prompt_tokens - 33


@pytest.mark.parametrize(
    "prefix",
    [
        *("def f(x):\n    ret", "ret", " ret", "x = 1\nb", "x = 1\n\tfa", "x = [1,\n      "),
        *('x = "\\t', "naïve = é", "s = 日本"),
    ],
)
async def test_the_answer_goes_on_where_healing_dropped(engine, prefix):
    """The weights are random, so what comes is noise; that it comes is the grammar's doing."""
    chunks = await everything(engine.infill(InfillRequest(prefix, "\n", 8)))
    assert chunks[-1].finish is not None
    assert chunks[-1].usage.generated_tokens > 0


async def test_a_prompt_may_be_read_only(engine):
    assert text(await everything(engine.infill(InfillRequest("a = ", "", 0)))) == ""


async def test_a_prompt_that_does_not_fit_is_told(engine):
    with pytest.raises(PromptTooLong):
        await everything(engine.infill(InfillRequest("x = 1\n" * 400, "", 16)))
    with pytest.raises(PromptTooLong, match="1024"):
        await everything(engine.chat(ChatRequest((Message("user", "Say hello. " * 400),), 16)))


async def test_counts_are_never_below_the_models_own(engine, tiny_model):
    """Each of these lines alone; together, and one after the other as in a file."""
    lines = ["import os\n", "\n", "\n", "def f(é):\n", "\treturn '日本' </s>\n", "    x = 1", ""]
    own = [len(tiny_model.vocab.encode_inside(line)) for line in lines]
    counted = await engine.count_tokens(Role.INFILL, lines)
    assert counted[-1] == 0
    assert all(more >= count for more, count in zip(counted, own, strict=True))
    assert sum(counted) >= len(tiny_model.vocab.encode("".join(lines)))
    assert sum(counted) < 2 * sum(own)
    assert await engine.count_tokens(Role.INSTRUCT, ["x = 1\n"]) == [5]


async def test_chats_are_counted_with_the_servers_template(engine):
    messages = (Message("user", "What are </s> and <FILL_ME>?"),)
    for asked in (HELLO, messages):
        counted = await engine.count_chat_tokens(asked)
        last = (await everything(engine.chat(ChatRequest(asked, 4))))[-1]
        assert last.usage.prompt_tokens == counted
        assert last.usage.generated_tokens == 4


async def test_closing_the_stream_ends_the_generation(engine, url):
    async def running(count):
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http, asyncio.timeout(30):
            while f"vllm:num_requests_running{count}" not in await _figures(http):
                pass

    stream = engine.infill(InfillRequest("def f(x):\n", "\n", 900))
    await anext(stream)
    await running(1.0)
    await stream.aclose()
    await running(0.0)


async def _figures(http):
    return re.sub(r"\{[^}]*\} ?", "", (await http.get("/metrics")).text)
