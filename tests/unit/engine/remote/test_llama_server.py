"""The real llama-server on a tiny model with Code Llama's vocabulary: every token of a prompt."""

import json
from pathlib import Path

import pytest

from lsp_server.engine.protocol import ChatRequest, InfillRequest, Message, Role
from lsp_server.engine.remote.vocabulary import estimate
from lsp_server.errors import PromptTooLong
from lsp_server.prompting.infill import end_tokens, infill_prompt
from tests.llama_server import llama_server

PAIRS = Path(__file__).parents[3] / "data" / "infill.jsonl"
TEXTS = ["", "x = 1\n", "    return é日本\n", "<s> [INST] </s>\n", "\t\t\n", "🙂🙂\n", " \n"]


@pytest.fixture
async def engine(engine_at, tiny_path):
    async with (
        llama_server(tiny_path, "--ctx-size", "1024", "--parallel", "1") as url,
        engine_at(url, "llama-server") as made,
    ):
        yield made


def pairs():
    with PAIRS.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


async def test_it_says_what_it_can_do(engine):
    info = await engine.ready()
    assert (info.family, info.n_ctx) == ("code-llama", 1024)
    served = (await engine.server()).served
    assert (served.slots, served.why_no_infill) == (1, None)


async def test_prompts_are_those_of_the_reference(engine, tiny_model):
    server = await engine.server()
    vocabulary = await server.vocabulary()
    for pair in pairs():
        words = await vocabulary.fetched(pair["prefix"], pair["suffix"])
        for order in ("psm", "spm"):
            made = infill_prompt(
                server.format, words, pair["prefix"], pair["suffix"], order=order, healing=False
            )
            assert made.tokens == pair[order], pair
        healed = infill_prompt(server.format, words, pair["prefix"], pair["suffix"])
        assert healed == infill_prompt(
            server.format, tiny_model.vocab, pair["prefix"], pair["suffix"]
        )
    assert end_tokens(server.format, words) == end_tokens(server.format, tiny_model.vocab)


async def test_counts_are_the_models_own_and_the_estimate_is_never_below(engine, tiny_model):
    counts = await engine.count_tokens(Role.INFILL, TEXTS)
    assert counts == [len(tiny_model.vocab.encode(text)) for text in TEXTS]
    assert all(estimate(text) >= count for text, count in zip(TEXTS, counts, strict=True))


async def test_the_answer_goes_on_where_healing_dropped(engine):
    """The weights are random, so what comes is noise; that it comes is the grammar's doing."""
    request = InfillRequest("def f(x):\n    ret", "\n", 8)
    chunks = [chunk async for chunk in engine.infill(request)]
    assert chunks[-1].finish is not None
    again = [chunk async for chunk in engine.infill(request)]
    assert "".join(c.text for c in again) == "".join(c.text for c in chunks)
    assert again[-1].usage.cached_tokens > 0


async def test_a_prompt_may_be_read_only(engine):
    chunks = [chunk async for chunk in engine.infill(InfillRequest("a = ", "", 0))]
    assert "".join(chunk.text for chunk in chunks) == ""


async def test_a_prompt_that_does_not_fit_is_told(engine):
    with pytest.raises(PromptTooLong):
        [chunk async for chunk in engine.infill(InfillRequest("x = 1\n" * 400, "", 16))]


async def test_chats_are_counted_with_the_servers_template(engine):
    messages = (Message("user", "Say hello."),)
    assert 4 < await engine.count_chat_tokens(messages) < 60
    chunks = [chunk async for chunk in engine.chat(ChatRequest(messages, 4))]
    assert chunks[-1].usage.generated_tokens == 4
