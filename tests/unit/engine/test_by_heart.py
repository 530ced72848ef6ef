"""The model that knows its examples by heart (tests/memory_model), through the engine.

It says a middle exactly where its prompt is exactly what it was trained on, so a lost space, a
wrong order, a missed `<EOT>` or a prompt that isn't healed shows.
"""

from pathlib import Path

import pytest

from lsp_server.config import EngineSettings, Models
from lsp_server.engine.llama.engine import LlamaEngine
from lsp_server.engine.llama.model import LlamaModel
from lsp_server.engine.protocol import Finish, InfillRequest
from tests.memory_model.examples import EXAMPLES
from tests.memory_model.sequences import splits_token

BY_HEART = Path(__file__).parents[2] / "data" / "code-llama-by-heart.gguf"
MAX_TOKENS = 48


@pytest.fixture
async def engine():
    models = Models(infill=str(BY_HEART), instruct=str(BY_HEART))
    engine = LlamaEngine(models, EngineSettings(n_ctx=512, n_gpu_layers=0, n_threads=1))
    yield engine
    await engine.close()


@pytest.fixture(scope="module")
def vocab():
    model = LlamaModel(BY_HEART, EngineSettings(), vocab_only=True)
    yield model.vocab
    model.close()


@pytest.fixture(scope="module")
def marked():
    return [place for example in EXAMPLES for place in example.places()]


async def said(engine, place, order, heal):
    """The middle that the model says, and how it ends it."""
    request = InfillRequest(place.prefix, place.suffix, MAX_TOKENS, order=order, heal=heal)
    chunks = [chunk async for chunk in engine.infill(request)]
    return "".join(chunk.text for chunk in chunks), chunks[-1].finish


async def failures(engine, places, order, heal=None):
    """Those of the places, with what is said there, whose middle isn't said exactly to its end."""
    answers = [(place, await said(engine, place, order, heal)) for place in places]
    return [
        (place.name, place.middle, answer)
        for place, answer in answers
        if answer != (place.middle, Finish.STOP)
    ]


async def test_the_model_is_taken_for_code_llama(engine):
    info = await engine.ready()
    assert (info.family, info.notice) == ("code-llama", "")


async def test_the_places_are_of_many_kinds(marked, vocab):
    """Those that a lost or doubled space, newline or byte would show in."""
    assert any(place.prefix.endswith("\n") for place in marked)
    assert any(place.prefix.endswith("    ") for place in marked)
    assert any(place.prefix.endswith("\t") for place in marked)
    assert any(place.prefix == "" for place in marked)
    assert any(place.suffix == "" for place in marked)
    assert {place.suffix[:1] for place in marked} >= {"\n", " ", ")", '"', "."}
    assert {place.middle[:1] for place in marked} >= {" ", "\t", "🚀", "à"}
    assert any("\n" in place.middle for place in marked)
    assert sum(splits_token(place, vocab) for place in marked) > 40


async def test_psm_before_every_character(engine):
    # Without a prefix the prompt is SPM's, and the model says what comes first in SPM.
    places = [place for example in EXAMPLES for place in example.every_place() if place.prefix]
    assert await failures(engine, places, "psm") == []


async def test_spm_with_healing_before_every_character(engine):
    places = [place for example in EXAMPLES for place in example.every_place()]
    assert await failures(engine, places, "spm", heal=True) == []


async def test_spm_without_healing_only_between_tokens(engine, marked, vocab):
    """What healing is for: the same places, the same model."""
    between = [place for place in marked if not splits_token(place, vocab)]
    inside = [place for place in marked if splits_token(place, vocab)]
    assert await failures(engine, between, "spm", heal=False) == []
    healed = len(inside) - len(await failures(engine, inside, "spm", heal=True))
    unhealed = len(inside) - len(await failures(engine, inside, "spm", heal=False))
    print(f"SPM inside tokens, {len(inside)} places: {healed} exact healed, {unhealed} not healed")
    assert unhealed < healed == len(inside)
