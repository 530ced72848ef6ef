"""The typing benchmark at work: a small model with random weights, the real server and engine."""

from itertools import islice

import pytest

from benchmarks.typing import overhead, starting
from benchmarks.typing.engine_process import running_engine
from benchmarks.typing.ours import Ours
from benchmarks.typing.recording import recorded
from benchmarks.typing.replay import replay
from benchmarks.typing.summary import summary
from tests.unit.engine.tiny import write_code_llama


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    for name in ("XDG_RUNTIME_DIR", "CODELLAMA_LSP_CONFIG"):  # the benchmark sets its own
        monkeypatch.setenv(name, str(tmp_path))
    return write_code_llama(tmp_path / "tiny.gguf")


async def test_keys_are_replayed_through_server_and_engine(tiny):
    async with running_engine(str(tiny)) as engine, engine.client() as client:
        await client.until_loaded()
        answered = await replay(Ours(client), islice(recorded(2), 3), 0, 0)
        found = summary(answered, engine.work(), count=len)
    assert found["keys"] == 2
    assert found["tokens evaluated a key, all work"] > 100


async def test_the_servers_own_time_stands_beside_the_same_decodes(tiny, monkeypatch):
    monkeypatch.setattr(overhead, "recorded", lambda keys: islice(recorded(keys), 3))
    few, many = await overhead.overhead(str(tiny), keys=2, threads=1)
    assert few["keys"] + many["keys"] >= 1
    assert many["added, p50 ms"] > 0
    assert many["the same decodes bare, p50 ms"] > 0


async def test_start_and_memory(tiny):
    started = await starting.initialize(times=1)
    assert started["p50"] > 50
    one, ratio = await starting.memory(str(tiny), clients=(1,))
    assert one["engine RSS"] > 9
    assert ratio["engine RSS"] == 1
