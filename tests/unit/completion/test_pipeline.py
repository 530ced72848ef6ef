"""From a cursor to a suggestion, with the engine double."""

import asyncio

import pytest

from lsp_server.completion.pipeline import Pipeline
from lsp_server.config import Completion, Config
from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.engine.protocol import Role
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


def test_another_models_counts_are_not_those_of_the_one_before():
    class Longer(ScriptedEngine):
        """Its tokens are letters."""

        async def count_tokens(self, role, texts):
            return [len(text) for text in texts]

    async def shown(engine: ScriptedEngine) -> int:
        info = await engine.ready()
        await Pipeline(engine, info).suggest(*at(code), Config())
        request = engine.infill_requests[-1]
        return sum(await engine.count_tokens(Role.INFILL, [request.prefix, request.suffix]))

    async def both() -> None:
        assert await shown(ScriptedEngine(infills=[Answer("1")])) <= 1_024
        assert await shown(Longer(infills=[Answer("1")])) <= 1_024

    code = "value = 12345\n" * 400 + "x = ‸\n" + "value = 12345\n" * 400
    asyncio.run(both())
