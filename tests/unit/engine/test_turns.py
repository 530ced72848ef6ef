"""Several generations at once: turns, priorities, cancelling, and room in the KV cache."""

import asyncio
from dataclasses import replace

import pytest

from lsp_server.config import Models
from lsp_server.engine.llama import context as context_module
from lsp_server.engine.protocol import Finish
from lsp_server.errors import EngineError
from tests.unit.engine.conftest import (
    SETTINGS,
    chat,
    collect,
    forget,
    idle,
    infill,
    sequences,
    text_of,
)

LONG = "cats and dogs " * 30  # some 130 tokens: several batches of 32


def different(count):
    """Requests whose prompts share nothing but their first tokens."""
    return [infill(f"{i}{i} = {i}\n" * 12, max_tokens=6) for i in range(count)]


async def apart(start, requests):
    """Each request's answer from an engine that has nothing else to do."""
    engine = start()
    texts = []
    for request in requests:
        texts.append(await text_of(engine.infill(request)))
        await idle(engine)
        await forget(engine)
    return texts


@pytest.mark.parametrize("count", [2, 4, 5, 12])
async def test_requests_at_once_get_the_answers_that_they_get_alone(start, count):
    """More than there are sequences wait their turn."""
    engine = start()
    requests = different(count)
    texts = await asyncio.gather(*(text_of(engine.infill(request)) for request in requests))
    assert texts == await apart(start, requests)
    assert await idle(engine)


async def test_chats_and_typing_at_once(start):
    engine = start()
    streams = [engine.chat(chat(f"{i} {LONG}")) for i in range(6)]
    streams += [engine.infill(request) for request in different(6)]
    answers = await asyncio.gather(*map(collect, streams))
    assert all(last.finish is Finish.LENGTH for _, last in answers)
    assert await idle(engine)


async def interrupted(engine, gate, requests, decodes):
    """Each request interrupted by the next after so many decodes, so that all are under way;
    then their answers."""
    await engine.ready()
    gate.decodes.clear()
    stops = [gate.stop_at(decodes * nth) for nth in range(1, len(requests) + 1)]
    tasks = []
    for request, before, stop in zip(requests, [None, *stops], stops, strict=False):
        tasks.append(asyncio.create_task(collect(engine.infill(request))))
        await gate.submitted()
        if before:
            before.open()
        await stop.reached()
    stop.open()
    return await asyncio.gather(*tasks)


async def test_no_free_sequence_is_waited_for(start, gate):
    requests = different(7)
    answers = await interrupted(engine := start(), gate, requests, 1)
    assert len(set(gate.decodes)) == len(sequences(engine)) < 7
    assert [text for text, _ in answers] == await apart(start, requests)
    assert await idle(engine)


async def test_room_in_the_kv_cache_is_waited_for(start, gate):
    """Three that need nearly n_ctx each are more than its cells: the third begins after the
    second has ended, though four sequences may be under way."""
    requests = [infill(f"{i}{i} = {i}\n" * 57, max_tokens=150, heal=False) for i in range(3)]
    answers = await interrupted(engine := start(), gate, requests, 10)
    assert all(last.usage.generated_tokens == 150 for _, last in answers)
    lengths = [last.usage.prompt_tokens + 150 for _, last in answers]
    assert SETTINGS.n_ctx * 2 < sum(lengths)
    assert max(lengths) <= SETTINGS.n_ctx
    assert await idle(engine)


async def test_what_was_used_the_longest_ago_makes_room(start):
    engine = start()
    cells = 2 * SETTINGS.n_ctx
    requests = [infill(f"{i}{i} = {i}\n" * 45, max_tokens=4) for i in range(5)]
    texts = [await text_of(engine.infill(request)) for request in requests]
    await idle(engine)
    held = [len(sequence.tokens) for sequence in sequences(engine)]
    assert 0 in held
    assert sum(held) <= cells < 5 * max(held)
    _, last = await collect(engine.infill(requests[-1]))
    assert last.usage.cached_tokens == last.usage.prompt_tokens - 1
    assert texts == await apart(start, requests)


async def test_files_side_by_side_keep_their_place(engine):
    requests = different(4)
    for request in requests:
        await text_of(engine.infill(request))
    for request in requests:
        _, last = await collect(engine.infill(request))
        assert last.usage.cached_tokens == last.usage.prompt_tokens - 1


async def finished_in_order(named):
    """The names of streams in the order of their last chunks, as tasks under way."""
    order = []

    async def run(name, stream):
        answer = await collect(stream)
        order.append(name)
        return answer

    return order, {n: asyncio.create_task(run(n, stream)) for n, stream in named.items()}


async def test_typing_goes_before_a_chat_whose_prompt_is_read(start, gate):
    alone = await text_of(start().chat(chat(LONG)))
    gate.decodes.clear()
    engine = start()
    await engine.ready()
    stop = gate.stop_at(2)
    order, chats = await finished_in_order({"chat": engine.chat(chat(LONG))})
    await stop.reached()
    typing = asyncio.create_task(text_of(engine.infill(infill())))
    await gate.submitted(2)
    stop.open()
    await typing
    assert order == []
    text, last = await chats["chat"]
    # It was interrupted, went on where it was, and says what it says alone.
    assert text == alone
    chatting, first_typed = gate.decodes[0], gate.decodes[2]
    assert first_typed != chatting
    turn = gate.decodes[2:].index(chatting)
    assert set(gate.decodes[2 : 2 + turn]) == {first_typed}
    assert first_typed not in gate.decodes[2 + turn :]
    # Its second batch was aborted, and read again.
    batches = -(-last.usage.prompt_tokens // SETTINGS.n_batch)
    assert gate.decodes.count(chatting) == batches + (last.usage.generated_tokens - 1) + 1


async def test_typing_goes_before_a_chat_that_answers(engine, gate):
    await engine.ready()
    short = chat("Why?", max_tokens=20)
    stop = gate.stop_at(4)
    stream = engine.chat(short)
    chatting = asyncio.create_task(collect(stream))
    await stop.reached()
    typing = asyncio.create_task(text_of(engine.infill(infill())))
    await gate.submitted(2)
    stop.open()
    await typing
    await chatting
    first = gate.decodes[0]
    assert gate.decodes[:4] == [first] * 4
    assert first not in gate.decodes[4:12]
    assert set(gate.decodes[12:]) == {first}
    # While the typing was answered, the chat got its tokens from the same decodes.
    assert len(gate.decodes) < 25


async def test_the_newest_typing_goes_first_and_chats_in_their_order(engine, gate):
    await engine.ready()
    stop = gate.stop_at(1)
    order, tasks = await finished_in_order({"chat 1": engine.chat(chat("1"))})
    await stop.reached()
    await gate.submitted()
    for name, stream in [
        ("chat 2", engine.chat(chat("2"))),
        ("typing 1", engine.infill(infill("a = "))),
        ("chat 3", engine.chat(chat("3"))),
        ("typing 2", engine.infill(infill("b = "))),
    ]:

        async def run(name, stream):
            await collect(stream)
            order.append(name)

        tasks[name] = asyncio.create_task(run(name, stream))
        await gate.submitted()
    stop.open()
    await asyncio.gather(*tasks.values())
    assert order == ["typing 2", "typing 1", "chat 1", "chat 2", "chat 3"]


async def test_idle_times_request_waits_for_a_chat_until_somebody_waits_for_it(engine, gate):
    await engine.ready()
    stop = gate.stop_at(4)
    order, tasks = await finished_in_order({"chat": engine.chat(chat("Why?", max_tokens=300))})
    await stop.reached()
    later = replace(infill(), background="later")
    tasks |= (await finished_in_order({"later": engine.infill(later)}))[1]
    await gate.submitted(2)
    after_some = gate.stop_at(12)
    stop.open()
    await after_some.reached()
    assert len(set(gate.decodes)) == 1  # the chat's alone
    await engine.hasten("never asked for")
    await engine.hasten("later")
    after_some.open()
    await tasks["later"]
    assert order == []
    await tasks["chat"]


async def cancelled(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("kind", ["infill", "chat"])
async def test_cancelled_while_the_prompt_is_read(engine, gate, kind):
    await engine.ready()
    stream = engine.chat(chat(LONG)) if kind == "chat" else engine.infill(infill(LONG))
    stop = gate.stop_at(2)
    task = asyncio.create_task(collect(stream))
    await stop.reached()
    await cancelled(task)
    stop.open()
    assert await idle(engine)
    # The decode was aborted; of five batches no other was begun.
    assert len(gate.decodes) == 2
    assert sum(len(sequence.tokens) for sequence in sequences(engine)) == SETTINGS.n_batch
    assert await text_of(engine.infill(infill()))


async def test_cancelled_while_it_answers(engine, gate):
    stream = engine.infill(infill(max_tokens=300))
    async for _ in stream:
        break
    await stream.aclose()
    assert await idle(engine)
    assert len(gate.decodes) < 300


async def test_cancelled_while_it_waits_for_its_turn(engine, gate):
    await engine.ready()
    stop = gate.stop_at(1)
    first = asyncio.create_task(text_of(engine.chat(chat())))
    await stop.reached()
    second = asyncio.create_task(text_of(engine.chat(chat(LONG))))
    await gate.submitted(2)
    await cancelled(second)
    stop.open()
    assert await first
    assert await idle(engine)
    assert len(set(gate.decodes)) == 1


async def test_cancelled_before_it_begins(engine):
    stream = engine.infill(infill())
    await stream.aclose()
    assert await text_of(engine.infill(infill()))


async def test_an_answer_after_a_cancelled_one_is_not_disturbed(start, gate):
    """What a cancelled prompt left in the KV cache is whole."""
    (expected,) = await apart(start, [infill(LONG)])
    engine = start()
    await engine.ready()
    gate.decodes.clear()
    for nth in (1, 2, 3):
        gate.decodes.clear()
        stop = gate.stop_at(nth)
        task = asyncio.create_task(collect(engine.infill(infill(LONG))))
        await stop.reached()
        await cancelled(task)
        stop.open()
        assert await idle(engine)
    assert await text_of(engine.infill(infill(LONG))) == expected


async def test_nothing_leaks_over_many_cancels(engine):
    for i in range(24):
        stream = engine.infill(infill(f"{i} {LONG}", max_tokens=200))
        if i % 2:
            async for _ in stream:
                break
            await stream.aclose()
        else:
            task = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            await cancelled(task)
    assert await idle(engine)
    assert all(sequence.reserved == 0 for sequence in sequences(engine))
    answers = await asyncio.gather(*(text_of(engine.infill(r)) for r in different(4)))
    assert all(answers)


async def test_a_failed_decode_reaches_its_request_alone(engine, monkeypatch):
    assert await text_of(engine.infill(infill()))
    with monkeypatch.context() as broken:
        broken.setattr(context_module.llama_cpp, "llama_decode", lambda *_: -3)
        with pytest.raises(EngineError, match="llama_decode: -3"):
            await collect(engine.infill(infill()))
        assert await idle(engine)
    assert await text_of(engine.infill(infill()))


async def test_two_files(start, tiny_path, tmp_path):
    """Another file for instructions has a context of its own."""
    other = tmp_path / "other.gguf"
    other.symlink_to(tiny_path)
    engine = start(Models(infill=str(tiny_path), instruct=str(other)))
    info = await engine.ready()
    assert (info.infill_model, info.instruct_model) == (tiny_path.name, "other.gguf")
    assert all(await asyncio.gather(text_of(engine.infill(infill())), text_of(engine.chat(chat()))))
