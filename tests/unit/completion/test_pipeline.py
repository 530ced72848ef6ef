"""From a cursor to a suggestion, with the engine double."""

import asyncio

import pytest

from lsp_server.completion.pipeline import Pipeline
from lsp_server.config import Completion, Config
from lsp_server.engine.double import Answer, ScriptedEngine
from tests.unit.completion.test_completer import at

# The double's tokens begin at spaces.
BODY = "\n\ttotal = 0\n\tcount = 1\n\treturn total / count"


@pytest.mark.parametrize(
    ("max_tokens", "shown"),
    [
        (8, BODY),
        (7, "\n\ttotal = 0\n\tcount = 1"),
        (5, "\n\ttotal = 0\n\tcount = 1"),
        (4, "\n\ttotal = 0"),
        (2, None),
    ],
)
def test_a_line_that_the_model_did_not_finish_goes_where_there_are_others(max_tokens, shown):
    async def suggested() -> str | None:
        engine = ScriptedEngine(infills=[Answer(BODY)])
        pipeline = Pipeline(engine, await engine.ready())
        config = Config(completion=Completion(max_tokens=max_tokens))
        edit = await pipeline.suggest(*at("def mean(values):‸\n"), config)
        return edit.text if edit else None

    assert asyncio.run(suggested()) == shown
