"""Several middles for one prompt, written side by side."""

import asyncio

import attrs
import pytest

from lsp_server.config import Sampling
from lsp_server.engine.llama.context import LlamaContext
from lsp_server.engine.llama.engine import _OTHERS_TEMPERATURE
from lsp_server.engine.protocol import Finish
from lsp_server.models.memory import FORKS
from tests.unit.engine.conftest import SETTINGS, collect, idle, infill, sequences, text_of

CODE = "def area(w, h):\n    ret"
LONG = "cats and dogs " * 20


async def all_of(stream):
    """The text and the last chunk of each alternative, by its index."""
    texts, last = {}, {}
    async for chunk in stream:
        texts[chunk.index] = texts.get(chunk.index, "") + chunk.text
        if chunk.finish:
            assert chunk.index not in last
            last[chunk.index] = chunk
    assert set(texts) == set(last)
    return texts, last


@pytest.fixture
def decoded(monkeypatch):
    """How many tokens each decode had of each sequence."""
    seen = []
    decode = LlamaContext.decode

    def recorded(context, parts):
        seen.append({part.sequence.number: len(part.tokens) for part in parts})
        decode(context, parts)

    monkeypatch.setattr(LlamaContext, "decode", recorded)
    return seen


async def test_each_is_what_its_sampling_gives_alone(start):
    sampling = Sampling(temperature=0, seed=5)
    request = infill(CODE, max_tokens=10, sampling=sampling, alternatives=3)
    texts, last = await all_of(start().infill(request))
    warm = [
        attrs.evolve(sampling, temperature=_OTHERS_TEMPERATURE, seed=5 + n) for n in range(1, 3)
    ]
    alone = [
        await text_of(start().infill(infill(CODE, max_tokens=10, sampling=one)))
        for one in [sampling, *warm]
    ]
    assert [texts[index] for index in range(3)] == alone
    assert len(set(alone)) == 3
    assert all(chunk.usage.generated_tokens == 10 for chunk in last.values())


async def test_the_likeliest_token_has_the_highest_likelihood(engine):
    request = infill(CODE, max_tokens=1, alternatives=3, heal=False)
    _, last = await all_of(engine.infill(request))
    likelihoods = [last[index].likelihood for index in range(3)]
    assert max(likelihoods) == likelihoods[0] < 0


async def test_the_prompt_is_read_once_and_the_rest_in_shared_decodes(engine, decoded):
    request = infill(LONG, max_tokens=6, alternatives=3)
    _, last = await all_of(engine.infill(request))
    prompt = last[0].usage.prompt_tokens
    reading = [batch for batch in decoded if len(batch) == 1]
    writing = decoded[len(reading) :]
    assert sum(n for batch in reading for n in batch.values()) == prompt
    assert [len(batch) for batch in writing] == [3] * 5  # the sixth token is not evaluated
    assert await idle(engine)


async def test_what_was_read_stays_for_the_next_request(engine):
    request = infill(LONG, max_tokens=4, alternatives=3)
    await all_of(engine.infill(request))
    await idle(engine)
    held = {sequence.number for sequence in sequences(engine) if sequence.tokens}
    assert len(held) == 1
    _, last = await collect(engine.infill(infill(LONG, max_tokens=4)))
    assert last.usage.cached_tokens == last.usage.prompt_tokens - 1


async def test_more_than_there_can_be_are_empty(engine):
    request = infill(CODE, max_tokens=4, alternatives=FORKS + 3)
    texts, last = await all_of(engine.infill(request))
    assert all(texts[index] for index in range(1 + FORKS))
    assert [texts[index] for index in range(1 + FORKS, FORKS + 3)] == ["", ""]
    assert all(chunk.finish for chunk in last.values())


async def test_who_comes_second_gets_one(engine):
    """The forks are another request's, which has to be answered nevertheless."""
    requests = [infill(f"{n}{n} = {LONG}", max_tokens=30, alternatives=3) for n in range(3)]
    answers = await asyncio.gather(*(all_of(engine.infill(request)) for request in requests))
    assert all(texts[0] for texts, _ in answers)
    assert all(len(last) == 3 for _, last in answers)
    assert await idle(engine)
    texts, _ = await all_of(engine.infill(requests[0]))
    assert all(texts.values())


async def test_the_kv_cache_is_not_asked_for_more_than_it_has(engine):
    """Prompt and one answer fill n_ctx; two more answers have room in its two contexts' cells, and
    a very long answer has none beside it."""
    request = infill("a = 1\n" * 20, max_tokens=SETTINGS.n_ctx - 150, alternatives=3, heal=False)
    _, last = await all_of(engine.infill(request))
    assert len(last) == 3
    assert last[2].usage.generated_tokens == 0
    assert await idle(engine)


@pytest.mark.parametrize("n_batch", [1, 2])
async def test_a_small_batch_is_no_obstacle(start, n_batch):
    request = infill(CODE, max_tokens=5, alternatives=3)
    small, _ = await all_of(start(n_batch=n_batch, n_ubatch=1).infill(request))
    assert len(small) == 3
    assert all(small.values())


async def test_cancelling_ends_all(engine):
    stream = engine.infill(infill(CODE, max_tokens=300, alternatives=3))
    async for _ in stream:
        break
    await stream.aclose()
    assert await idle(engine)
    texts, _ = await all_of(engine.infill(infill(CODE, max_tokens=3, alternatives=3)))
    assert len(texts) == 3


async def test_one_is_as_ever(engine):
    _, last = await collect(engine.infill(infill(CODE, max_tokens=3)))
    assert (last.index, last.likelihood, last.finish) == (0, 0.0, Finish.LENGTH)
