"""Which way a key takes: remembered, joined, asked. With the engine double."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.completion.completer import Completer
from lsp_server.completion.debounce import Debounce
from lsp_server.completion.remembered import Remembered
from lsp_server.completion.typed import Typed, rest_of, typed_since
from lsp_server.config import Completion, Config, Files
from lsp_server.context.related.index import RelatedIndex
from lsp_server.documents import DocumentSnapshot, Edit
from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.engine.protocol import Chunk, Finish, Usage

QUIET = Config(completion=Completion(look_ahead=False))


def at(marked: str, version: int = 1) -> tuple[DocumentSnapshot, int]:
    """A document and the offset of its ‸."""
    offset = marked.index("‸")
    text = marked.replace("‸", "")
    return DocumentSnapshot("file:///a.py", version, "python", text), offset


@pytest.mark.parametrize(
    ("old", "new", "typed"),
    [
        ("a = ‸\nb", "a = ‸\nb", Typed("")),
        ("a = ‸\nb", "a = ma‸\nb", Typed("ma")),
        ("a = ‸\nb", "a = f(‸)\nb", Typed("f(", ")")),
        ("a = ‸\nb", "a = '‸'\nb", Typed("'", "'")),
        ("a = x‸\nb", "a = ‸\nb", None),  # deleted
        ("a = ‸\nb", "a = x‸\nbc", None),  # something else changed too
        ("a = ‸\nb", "c = x‸\nb", None),
        ("a = ‸\nb", "a = x‸)\nb", None),  # a closer that nobody opened
    ],
)
def test_what_was_typed(old, new, typed):
    assert typed_since(*at(old), *at(new)) == typed


@pytest.mark.parametrize(
    ("suggested", "typed", "rest"),
    [
        ("max(values)", Typed("ma"), Edit(6, 6, "x(values)")),
        ("max(values)", Typed("max(values)"), None),
        ("max(values)", Typed("mi"), None),
        ("max(values)", Typed("max(", ")"), Edit(6, 7, "values)")),
        ("max", Typed("m", ")"), None),
    ],
)
def test_what_is_left_of_a_suggestion(suggested, typed, rest):
    assert rest_of(Edit(4, 4, suggested), typed, 6) == rest


def test_the_newest_suggestion_that_fits_is_found():
    remembered = Remembered()
    remembered.add(*at("a = ‸"), Edit(4, 4, "one"))
    remembered.add(*at("a = ‸"), Edit(4, 4, "other"))
    found = remembered.find(*at("a = o‸"))
    assert found
    assert found.edit == Edit(5, 5, "ther")
    found = remembered.find(*at("a = on‸"))
    assert found
    assert found.edit == Edit(6, 6, "e")
    assert remembered.find(*at("b = o‸")) is None


async def completer(*answers: Answer) -> tuple[Completer, ScriptedEngine]:
    engine = ScriptedEngine(infills=answers)
    return Completer(engine, await engine.ready()), engine


async def test_typing_what_was_suggested_does_not_ask_again():
    subject, engine = await completer(Answer("max(values)"))
    assert await subject.complete(*at("a = ‸\n"), QUIET) == Edit(4, 4, "max(values)")
    assert await subject.complete(*at("a = max‸\n", 2), QUIET) == Edit(7, 7, "(values)")
    assert await subject.complete(*at("a = max(‸)\n", 3), QUIET) == Edit(8, 9, "values)")
    assert len(engine.infill_requests) == 1


async def test_typing_something_else_asks_again():
    subject, engine = await completer(Answer("max(values)"), Answer("um(values)"))
    await subject.complete(*at("a = ‸\n"), QUIET)
    assert await subject.complete(*at("a = s‸\n", 2), QUIET) == Edit(5, 5, "um(values)")
    assert len(engine.infill_requests) == 2


async def test_a_key_that_agrees_joins_the_generation():
    subject, engine = await completer(Answer("max(values)", stall=True), Answer("never"))
    first = asyncio.ensure_future(subject.complete(*at("a = ‸\n"), QUIET))
    await engine.until(lambda: len(engine.infill_requests) == 1)
    second = asyncio.ensure_future(subject.complete(*at("a = m‸\n", 2), QUIET))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    engine.release()
    assert await second == Edit(5, 5, "ax(values)")
    assert len(engine.infill_requests) == 1


async def test_a_generation_ends_when_the_last_who_waits_has_gone():
    subject, engine = await completer(Answer("max(values)", stall=True), Answer("never"))
    first = asyncio.ensure_future(subject.complete(*at("a = ‸\n"), QUIET))
    await engine.until(lambda: engine.stalled == 1)
    second = asyncio.ensure_future(subject.complete(*at("a = m‸\n", 2), QUIET))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    await engine.until(lambda: engine.cancelled == 1)
    assert len(engine.infill_requests) == 1


async def test_a_key_that_disagrees_ends_the_generation():
    subject, engine = await completer(Answer("max(values)", stall=True), Answer("one"))
    first = asyncio.ensure_future(subject.complete(*at("a = ‸\n"), QUIET))
    await engine.until(lambda: engine.stalled == 1)
    assert await subject.complete(*at("a = n‸\n", 2), QUIET) == Edit(5, 5, "one")
    assert engine.cancelled == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_what_comes_after_accepting_is_fetched_ahead():
    subject, engine = await completer(Answer("max(values)"), Answer("\nb = 2"))
    edit = await subject.complete(*at("a = ‸\nc = 3\n"), Config())
    await engine.until(lambda: len(engine.infill_requests) == 2)
    assert engine.infill_requests[1].background
    assert engine.infill_requests[1].prefix.endswith("a = max(values)")
    accepted = await subject.complete(*at(f"a = {edit.text}‸\nc = 3\n", 2), Config())
    assert accepted
    assert accepted.text == "\nb = 2"


async def test_looking_ahead_yields_to_a_request():
    subject, engine = await completer(Answer("max"), Answer("(x)", stall=True), Answer("um"))
    await subject.complete(*at("a = ‸\n"), Config())
    await engine.until(lambda: engine.stalled == 1)
    assert await subject.complete(*at("a = s‸\n", 2), QUIET) == Edit(5, 5, "um")
    assert engine.cancelled == 1


@pytest.mark.parametrize(
    ("marked", "interval", "latency", "delay"),
    [
        ("a = x‸", 0.05, 0.3, 0.05),  # types faster than suggestions come: waits for a pause
        ("a = x‸", 0.5, 0.9, 0.12),  # but never long
        ("a = x‸", 0.2, 0.1, 0.0),  # suggestions come faster: asks at once
        ("‸", 0.05, 0.3, 0.0),  # at a line's start at once
        ("a = x\n    ‸", 0.05, 0.3, 0.0),
        ("a = x‸", 0.05, 0.0, 0.0),  # nothing is known of the engine yet
    ],
)
def test_how_long_a_request_waits(marked, interval, latency, delay):
    debounce = Debounce()
    debounce._interval, debounce._latency = interval, latency
    assert debounce.delay(*at(marked)) == pytest.approx(delay)


async def test_several_are_different_and_the_likeliest_is_first():
    """Cleaned alike they are one; empty ones are none."""
    answer = Answer("max(values)\n", others=("max(values)  ", "sum(values)"))
    subject, engine = await completer(answer)
    edits = await subject.several(*at("a = ‸\n"), QUIET)
    assert [edit.text for edit in edits] == ["max(values)", "sum(values)"]
    assert engine.infill_requests[0].alternatives == 3


async def test_what_was_suggested_stays_the_first_of_several():
    subject, engine = await completer(Answer("len(values)"), Answer("one", others=("two", "six")))
    await subject.complete(*at("a = ‸\n"), QUIET)
    edits = await subject.several(*at("a = len‸\n", 2), QUIET)
    assert [edit.text for edit in edits] == ["(values)", "one", "two"]
    assert await subject.several(*at("a = len‸\n", 2), QUIET) == edits  # without asking again
    assert len(engine.infill_requests) == 2


async def test_any_of_several_may_be_typed():
    subject, engine = await completer(Answer("max(values)", others=("sum(values)",)))
    await subject.several(*at("a = ‸\n"), QUIET)
    assert await subject.complete(*at("a = su‸\n", 2), QUIET) == Edit(6, 6, "m(values)")
    assert len(engine.infill_requests) == 1


async def test_as_many_as_the_setting_says():
    subject, engine = await completer(Answer("one"))
    config = Config(completion=Completion(alternatives=2))
    assert len(await subject.several(*at("a = ‸\n"), config)) == 1
    assert engine.infill_requests[0].alternatives == 2


class Weighed(ScriptedEngine):
    """Alternatives with likelihoods, in mixed order."""

    async def infill(self, request):
        yield Chunk("first", likelihood=-2.0)
        yield Chunk("worse", index=1, likelihood=-3.0)
        yield Chunk("better", index=2, likelihood=-0.5)
        for index in (2, 0, 1):
            yield Chunk("", Finish.STOP, Usage(), index, likelihood=[-2.0, -3.0, -0.5][index])


async def test_the_likelier_alternative_comes_before_the_other():
    engine = Weighed()
    subject = Completer(engine, await engine.ready())
    edits = await subject.several(*at("a = ‸\n"), QUIET)
    assert [edit.text for edit in edits] == ["first", "better", "worse"]


async def test_cancelling_several_ends_the_generation():
    subject, engine = await completer(Answer("max", stall=True))
    asked = asyncio.ensure_future(subject.several(*at("a = ‸\n"), QUIET))
    await engine.until(lambda: len(engine.infill_requests) == 1)
    asked.cancel()
    await engine.until(lambda: engine.cancelled == 1)


async def test_other_files_stand_before_the_code_as_comments():
    engine = ScriptedEngine(infills=[Answer("helper(1)")])
    related = RelatedIndex([], Files())
    helper = "def helper(count):\n    return count * 2\n"
    related.note_open(DocumentSnapshot("file:///b.py", 1, "python", helper))
    snapshot, offset = at("from b import helper\n\nresult = helper‸\n")
    related.note_open(snapshot)
    related.chunks_for(snapshot, offset)
    related.wait(snapshot.uri)
    subject = Completer(engine, await engine.ready(), related)
    shown = Config(completion=Completion(look_ahead=False, related_share=0.25))
    await subject.complete(snapshot, offset, shown)
    prefix = engine.infill_requests[0].prefix
    assert prefix.endswith("from b import helper\n\nresult = helper")
    others = prefix.removesuffix("from b import helper\n\nresult = helper")
    assert "# File: " in others
    assert "# def helper(count):" in others
    assert all(line.startswith("#") for line in others.splitlines())
    related.close()


class ShownFiles(ScriptedEngine):
    """A model that has a way of its own to be shown files."""

    async def ready(self):
        return replace(await super().ready(), files=True)


async def test_other_files_go_beside_the_code_where_the_model_knows_how():
    engine = ShownFiles(infills=[Answer("helper(1)")])
    related = RelatedIndex([Path("/shop")], Files())
    helper = "def helper(count):\n    return count * 2\n"
    related.note_open(DocumentSnapshot("file:///shop/b.py", 1, "python", helper))
    snapshot, offset = at("from b import helper\n\nresult = helper‸\n")
    snapshot = replace(snapshot, uri="file:///shop/lib/a.py")
    related.note_open(snapshot)
    related.chunks_for(snapshot, offset)
    related.wait(snapshot.uri)
    subject = Completer(engine, await engine.ready(), related)
    shown = Config(completion=Completion(look_ahead=False, related_share=0.25))
    await subject.complete(snapshot, offset, shown)
    request = engine.infill_requests[0]
    assert request.prefix == "from b import helper\n\nresult = helper"
    assert request.repository
    assert (request.repository.name, request.repository.path) == ("shop", "lib/a.py")
    (file,) = request.repository.files
    assert file.path == "b.py"
    assert file.text.startswith("def helper(count):")
    related.close()


async def test_other_files_are_left_out_where_the_share_is_none():
    subject, engine = await completer(Answer("x"))
    await subject.complete(*at("a = ‸\n"), QUIET)
    assert engine.infill_requests[0].prefix == "a = "
