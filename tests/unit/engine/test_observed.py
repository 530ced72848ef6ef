"""What the engine counts, and the page that Prometheus reads."""

from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from lsp_server.engine.host.metrics import metrics
from lsp_server.engine.host.observed import Latencies, Observed
from lsp_server.engine.protocol import Chunk, Finish, Totals, Usage
from lsp_server.errors import EngineError
from lsp_server.models.hardware import Device


async def stream(*chunks, error=None):
    for chunk in chunks:
        yield chunk
    if error:
        raise error


def last(cached=0, prompt=100, index=0):
    return Chunk("", Finish.STOP, Usage(prompt, cached, 5), index)


async def follow(observed, *chunks, kind="infill", error=None):
    return [chunk async for chunk in observed.follow(stream(*chunks, error=error), kind)]


async def test_a_request_that_is_answered():
    observed = Observed()
    passed = await follow(observed, Chunk("a"), last(cached=60))
    assert [chunk.text for chunk in passed] == ["a", ""]
    found = observed.as_json()
    assert found["served"]["infill"] == {"done": 1, "cancelled": 0, "failed": 0}
    assert found["cache"] == {
        "prompts": 1,
        "hits": 1,
        "cached_tokens": 60,
        "evaluated_tokens": 40,
    }
    assert found["queue"] == {"waiting": 0, "answering": 0}
    infill = found["latency"]["infill"]
    assert 0 <= infill["first_token"]["p50"] <= infill["answer"]["p99"]
    assert found["latency"]["chat"] == {"first_token": {}, "answer": {}}


@pytest.mark.parametrize(("cached", "hits"), [(0, 0), (49, 0), (50, 1), (100, 1)])
async def test_a_hit_is_half_of_the_prompt(cached, hits):
    observed = Observed()
    await follow(observed, last(cached=cached))
    assert observed.hits == hits


async def test_requests_are_waiting_then_answering():
    observed = Observed()
    async with aclosing(observed.follow(stream(Chunk("a"), Chunk("b"), last()), "chat")) as chunks:
        states = [(observed.waiting, observed.answering)]
        await anext(chunks)
        states.append((observed.waiting, observed.answering))
    assert states == [(0, 0), (0, 1)]
    assert (observed.waiting, observed.answering) == (0, 0)
    assert observed.outcomes["chat", "cancelled"] == 1
    assert observed.answer["chat"].count == 0


async def test_a_client_that_goes_with_the_last_piece_was_answered():
    observed = Observed()
    async with aclosing(observed.follow(stream(last()), "infill")) as chunks:
        await anext(chunks)
    assert observed.outcomes["infill", "done"] == 1


async def test_a_request_that_fails():
    observed = Observed()
    with pytest.raises(EngineError):
        await follow(observed, error=EngineError("no"), kind="background")
    assert observed.outcomes["background", "failed"] == 1
    assert observed.waiting == 0


async def test_alternatives_have_one_prompt():
    observed = Observed()
    await follow(observed, last(cached=60), last(cached=60, index=1))
    assert (observed.prompts, observed.cached_tokens) == (1, 60)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_quantiles_are_values_that_were_measured(values):
    latencies = Latencies()
    for value in values:
        latencies.add(value)
    found = latencies.quantiles()
    assert set(found.values()) <= set(values)
    assert sorted(found.values()) == list(found.values())
    assert sum(value <= found[0.5] for value in values) >= len(values) / 2
    assert latencies.count == len(values)


async def test_the_page_says_the_same():
    observed = Observed()
    await follow(observed, Chunk("a"), last(cached=60))
    device = Device("CUDA0", "", "gpu", 3 * 2**30, 8 * 2**30)
    page = metrics(observed, Totals(400, 50), 2, 2**29, [device], {"version": "1"}).decode()
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert samples["codellama_requests_total", ("kind", "infill"), ("outcome", "done")] == 1
    assert samples["codellama_requests_open", ("state", "waiting")] == 0
    assert samples["codellama_prompt_tokens_total", ("source", "cache")] == 60
    assert samples["codellama_cache_hits_total",] == 1
    assert samples["codellama_tokens_total", ("what", "generated")] == 50
    assert samples["codellama_first_token_seconds_count", ("kind", "infill")] == 1
    assert ("codellama_answer_seconds", ("kind", "infill"), ("quantile", "0.99")) in samples
    assert samples["codellama_clients",] == 2
    assert samples["codellama_resident_memory_bytes",] == 2**29
    assert samples["codellama_device_memory_free_bytes", ("device", "CUDA0")] == 3 * 2**30
    assert samples["codellama_engine_info", ("version", "1")] == 1
