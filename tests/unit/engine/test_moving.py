"""Cached blocks at new places: which are chosen, and what the KV cache holds afterwards."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engine.llama.kv_cache import KvCache
from lsp_server.engine.llama.moving import Block, moved_blocks
from tests.unit.engine.conftest import collect, idle, infill, sequences, text_of

LINES = [f"value_{i} = compute({i}, {i * 7})\n" for i in range(30)]


@pytest.mark.parametrize(
    ("cached", "prompt", "blocks"),
    [
        ("abcdefgh", "abcdefgh", [(0, 0, 8)]),
        ("abcdefgh", "efgh", [(4, 0, 4)]),
        ("efgh", "abcdefgh", [(0, 4, 4)]),
        ("abcdXefgh", "abcdefgh", [(0, 0, 4), (5, 4, 4)]),
        ("abcdefgh", "abcdYYefgh", [(0, 0, 4), (4, 6, 4)]),
        # The cursor went up: what stood before it stands after it now.
        ("wxyz|mnopabcd", "abcdwxyz|mnop", [(0, 4, 9)]),
        # The same run twice: the chain that saves the most.
        ("abcdefghabcd", "abcdZZabcd", [(0, 0, 4), (8, 6, 4)]),
        ("abcabcabc", "abcabc", [(0, 0, 6)]),
        ("abc", "abc", []),
        ("", "abcd", []),
        ("abcd", "", []),
    ],
)
def test_blocks(cached, prompt, blocks):
    assert moved_blocks(cached, prompt, 0, least=4) == [Block(*block) for block in blocks]


@given(st.text("ab", max_size=40), st.text("ab", max_size=40), st.integers(0, 5))
def test_blocks_are_equal_and_in_order_in_both_texts(cached, prompt, start):
    old = new = start
    for block in moved_blocks(cached, prompt, start, least=3):
        assert block.length >= 3
        assert (block.old >= old) & (block.new >= new)
        old, new = block.old + block.length, block.new + block.length
        assert cached[block.old : old] == prompt[block.new : new]


def at(line):
    """A request at a line's start, with the lines around it."""
    return infill("".join(LINES[:line]), "".join(LINES[line:]), max_tokens=4)


@pytest.mark.parametrize(("first", "second"), [(10, 14), (14, 10), (2, 28), (28, 2), (15, 15)])
async def test_after_a_jump_little_is_read_and_the_cache_holds_the_prompt(start, first, second):
    engine = start(move_cached=True)
    _, last = await collect(engine.infill(at(first)))
    _, moved = await collect(engine.infill(at(second)))
    assert await idle(engine)
    assert moved.usage.prompt_tokens - moved.usage.cached_tokens < last.usage.prompt_tokens / 2
    fresh = start(move_cached=False)
    await collect(fresh.infill(at(second)))
    assert await idle(fresh)
    prompt = moved.usage.prompt_tokens
    held = [s.tokens[:prompt] for s in sequences(fresh) if s.tokens]
    assert held[0] in [s.tokens[:prompt] for s in sequences(engine)]


async def test_positions_follow_one_another_without_a_gap(start):
    """llama.cpp holds each sequence from 0 to its last token, after every kind of jump."""
    engine = start(move_cached=True)
    for line in (10, 14, 3, 20, 20, 1, 29, 15):
        await collect(engine.infill(at(line)))
    assert await idle(engine)
    kv: KvCache = engine._loading.result().infill.kv

    def lengths():
        return [(len(s.tokens), kv.held_until(s)) for s in kv.sequences]

    for tokens, held in await asyncio.wrap_future(engine._worker.call(lengths)):
        assert tokens == held


@pytest.mark.parametrize("seed", range(4))
async def test_any_jumps_leave_the_cache_whole(start, seed):
    """Windows of all sizes, blocks that meet without a gap among them."""
    chosen = random.Random(seed)
    engine = start(move_cached=True)
    await engine.ready()
    kv: KvCache = engine._loading.result().infill.kv
    line = 15
    for _ in range(25):
        line = min(max(1, line + chosen.randint(-8, 8)), len(LINES) - 1)
        above, below = chosen.randint(1, 9), chosen.randint(1, 6)
        shown = "".join(LINES[max(0, line - above) : line]), "".join(LINES[line : line + below])
        await collect(engine.infill(infill(*shown, max_tokens=chosen.randint(0, 4))))
        assert [len(s.tokens) for s in kv.sequences] == [kv.held_until(s) for s in kv.sequences]


async def test_a_jump_that_is_cancelled_keeps_what_was_cached(start, gate):
    engine = start(move_cached=True)
    _, first = await collect(engine.infill(at(10)))
    gate.decodes.clear()
    stop = gate.stop_at(1)
    stream = engine.infill(at(16))
    reading = asyncio.create_task(collect(stream))
    await stop.reached()
    reading.cancel()
    stop.open()
    await asyncio.wait([reading])
    assert await idle(engine)
    _, again = await collect(engine.infill(at(16)))
    assert again.usage.cached_tokens > first.usage.prompt_tokens / 2


async def test_switched_off_nothing_is_moved(start):
    engine = start(move_cached=False)
    await collect(engine.infill(at(10)))
    text, last = await collect(engine.infill(at(14)))
    assert last.usage.cached_tokens < 8
    assert text == await text_of(start(move_cached=False).infill(at(14)))


async def test_chats_are_never_moved(start):
    from tests.unit.engine.conftest import chat

    engine = start(move_cached=True)
    text = "".join(LINES)
    await collect(engine.chat(chat(text)))
    _, last = await collect(engine.chat(chat("x" + text)))
    assert last.usage.cached_tokens < 40


async def test_the_near_prompt_serves_until_the_whole_is_read(start):
    engine = start(move_cached=False)
    near = ("".join(LINES[8:10]), "".join(LINES[10:12]))
    whole = at(10)

    async def tokens(request):
        return (await collect(engine.infill(request)))[1].usage

    from dataclasses import replace

    first = await tokens(replace(whole, near=near))
    assert first.prompt_tokens < 100
    read = await tokens(replace(whole, max_tokens=0, background="reading"))
    assert read.prompt_tokens > 300
    then = await tokens(replace(whole, near=near))
    assert (then.prompt_tokens, then.cached_tokens) == (read.prompt_tokens, read.prompt_tokens - 1)


async def test_two_prompts_with_one_head_take_turns(start):
    """What is shown at first and the whole begin alike; neither costs the other its place."""
    engine = start(move_cached=False)
    suffix = "".join(LINES[10:14])
    prompts = [infill("".join(LINES[at:10]), suffix, max_tokens=2) for at in (0, 6)]
    for prompt in prompts:
        await collect(engine.infill(prompt))
    for prompt in prompts:
        _, last = await collect(engine.infill(prompt))
        assert last.usage.cached_tokens == last.usage.prompt_tokens - 1
