"""What idle time is used for, and that it ends for every request. With the engine double."""

import asyncio

import pytest

from lsp_server.completion.completer import Completer
from lsp_server.completion.pipeline import Pipeline
from lsp_server.config import Completion, Config
from lsp_server.documents import DocumentSnapshot
from lsp_server.engine.double import Answer, ScriptedEngine

CONFIG = Config()
# Longer than what is shown at first, shorter than what is shown.
LONG = "".join(f"value_{i} = compute({i})\n" for i in range(120))


def at(marked: str, version: int = 1) -> tuple[DocumentSnapshot, int]:
    """A document and the offset of its ‸."""
    offset = marked.index("‸")
    return DocumentSnapshot("file:///a.py", version, "python", marked.replace("‸", "")), offset


async def completer(*answers: Answer) -> tuple[Completer, ScriptedEngine]:
    engine = ScriptedEngine(infills=answers)
    return Completer(engine, await engine.ready()), engine


def reads(engine: ScriptedEngine) -> list[bool]:
    """Of each request: whether the prompt is only to be read."""
    return [request.max_tokens == 0 for request in engine.infill_requests]


async def test_a_long_file_is_shown_in_two_steps():
    subject, engine = await completer(Answer("max(values)"))
    await subject.complete(*at(LONG + "a = ‸\n"), CONFIG)
    request = engine.infill_requests[0]
    prefix, suffix = request.near
    assert request.prefix.endswith(prefix)
    assert len(prefix) < len(request.prefix) / 2
    assert request.suffix.startswith(suffix)


async def test_a_short_file_is_shown_at_once():
    subject, engine = await completer(Answer("max(values)"))
    await subject.complete(*at("a = ‸\n"), CONFIG)
    assert engine.infill_requests[0].near is None


@pytest.mark.parametrize(
    "completion", [Completion(quick_first=False), Completion(context_tokens=400)]
)
async def test_in_one_step_where_the_settings_say_so(completion):
    subject, engine = await completer(Answer("max(values)"))
    await subject.complete(*at(LONG + "a = ‸\n"), Config(completion=completion))
    assert engine.infill_requests[0].near is None


async def test_after_an_answer_the_next_is_fetched_and_then_the_rest_is_read():
    subject, engine = await completer(Answer("max(values)"), Answer("b"))
    await subject.complete(*at(LONG + "a = ‸\n"), CONFIG)
    await engine.until(lambda: len(engine.infill_requests) == 3)
    assert reads(engine) == [False, False, True]
    last = engine.infill_requests[-1]
    assert last.background
    assert last.near is None
    assert last.prefix.endswith("a = max(values)")


async def test_where_nothing_was_suggested_the_rest_is_read():
    subject, engine = await completer(Answer(""))
    assert await subject.complete(*at(LONG + "a = ‸\n"), CONFIG) is None
    await engine.until(lambda: len(engine.infill_requests) == 2)
    assert reads(engine) == [False, True]


async def test_where_the_cursor_rests_a_suggestion_waits_for_the_first_key():
    subject, engine = await completer(Answer("max(values)"))
    subject.rest_at(*at(LONG + "a = ‸\n"), CONFIG)
    await engine.until(lambda: len(engine.infill_requests) == 2)
    assert engine.infill_requests[0].background
    edit = await subject.complete(*at(LONG + "a = m‸\n", 2), CONFIG)
    assert edit
    assert edit.text == "ax(values)"


async def test_a_key_ends_what_was_begun_for_the_place():
    subject, engine = await completer(Answer(stall=True), Answer("um(values)"))
    subject.rest_at(*at("a = ‸\n"), CONFIG)
    await engine.until(lambda: engine.stalled == 1)
    edit = await subject.complete(*at("a = s‸\n", 2), CONFIG)
    assert edit
    assert edit.text == "um(values)"
    assert engine.cancelled == 1


async def test_another_place_ends_it_too():
    subject, engine = await completer(Answer(stall=True), Answer("two"))
    subject.rest_at(*at("a = ‸\nb = \n"), CONFIG)
    await engine.until(lambda: engine.stalled == 1)
    subject.rest_at(*at("a = \nb = ‸\n"), CONFIG)
    await engine.until(lambda: len(engine.infill_requests) == 2)
    assert engine.cancelled == 1


async def test_the_same_place_is_prepared_once():
    subject, engine = await completer(Answer("max(values)"), Answer("b"))
    await subject.complete(*at("a = ‸\n"), CONFIG)
    await engine.until(lambda: len(engine.infill_requests) == 2)
    for typed in ("m", "ma", "max"):
        assert await subject.complete(*at(f"a = {typed}‸\n", 2), CONFIG)
    assert len(engine.infill_requests) == 2


async def test_a_request_under_way_is_left_alone():
    subject, engine = await completer(Answer("max", stall=True))
    asked = asyncio.ensure_future(subject.complete(*at("a = ‸\n"), CONFIG))
    await engine.until(lambda: engine.stalled == 1)
    subject.rest_at(*at("a = ‸\n"), CONFIG)
    engine.release()
    assert await asked
    assert engine.cancelled == 0


async def test_where_something_was_suggested_what_comes_after_it_goes_on():
    subject, engine = await completer(Answer("max"), Answer("(x)", stall=True))
    await subject.complete(*at("a = ‸\n"), CONFIG)
    await engine.until(lambda: engine.stalled == 1)
    subject.rest_at(*at("a = ‸\n"), CONFIG)
    engine.release()
    edit = await subject.complete(*at("a = max‸\n", 2), CONFIG)
    assert edit
    assert edit.text == "(x)"
    assert engine.cancelled == 0


async def test_a_key_that_joins_it_tells_the_engine_that_somebody_waits():
    subject, engine = await completer(Answer("max"), Answer("(x)", stall=True))
    await subject.complete(*at("a = ‸\n"), CONFIG)
    await engine.until(lambda: engine.stalled == 1)
    assert engine.hastened == []
    accepted = asyncio.ensure_future(subject.complete(*at("a = max‸\n", 2), CONFIG))
    await engine.until(lambda: bool(engine.hastened))
    assert engine.hastened == [engine.infill_requests[1].background]
    engine.release()
    assert await accepted


async def test_what_is_hastened_before_it_was_asked_for_is_asked_for_as_typing_is():
    engine = ScriptedEngine(infills=[Answer("max")])
    pipeline = Pipeline(engine, await engine.ready())
    await pipeline.hasten("later")
    await pipeline.suggest(*at("a = ‸\n"), CONFIG, background="later")
    assert not engine.infill_requests[0].background


async def test_switched_off_nothing_is_done():
    subject, engine = await completer(Answer("max"), Answer("um"))
    off = Config(completion=Completion(look_ahead=False))
    subject.rest_at(*at("b = ‸\n"), off)
    await subject.complete(*at("a = ‸\n"), off)
    assert len(engine.infill_requests) == 1
    assert engine.infill_requests[0].prefix == "a = "
