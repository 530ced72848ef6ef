"""One answer at a time: where it ends, how it is decoded, healed, sampled and reused."""

import pytest

from lsp_server.config import Sampling
from lsp_server.engine.llama.sampler import Sampler
from lsp_server.engine.protocol import Finish, Role
from lsp_server.errors import PromptTooLong
from tests.unit.engine.conftest import chat, collect, forget, idle, infill, text_of

EOS, PRE, EOT = 2, 32007, 32010
BYTE = 3  # Llama 2's byte tokens begin here
CODE = "import os\n\n\ndef main(names):\n    for name in names:\n        print(name)\n\n"


async def test_engine_tells_what_it_is(engine, tiny_path):
    info = await engine.ready()
    assert (info.infill_model, info.instruct_model) == (tiny_path.name, tiny_path.name)
    assert (info.family, info.n_ctx, info.notice) == ("code-llama", 512, "")


async def test_n_ctx_is_not_more_than_the_model_was_trained_for(start):
    assert (await start(n_ctx=100_000).ready()).n_ctx == 4096


async def test_the_same_answer_with_and_without_what_is_in_the_kv_cache(start):
    engine, fresh = start(), start()
    requests = [infill(CODE), infill(CODE + "x"), infill(CODE + "x = "), infill(CODE)]
    cached = []
    for request in requests:
        text, last = await collect(engine.infill(request))
        cached.append(last.usage.cached_tokens)
        assert text == await text_of(fresh.infill(request))
        await forget(fresh)
    assert cached[0] == 0
    assert min(cached[1:]) > 20


async def test_usage(engine):
    _, last = await collect(engine.infill(infill(CODE, max_tokens=5)))
    _, again = await collect(engine.infill(infill(CODE, max_tokens=5)))
    assert last.finish is again.finish is Finish.LENGTH
    assert last.usage.generated_tokens == 5
    # The last token of a prompt is evaluated again, for its logits.
    assert again.usage.cached_tokens == again.usage.prompt_tokens - 1 > 20
    assert last.usage.prefill_ms > 0 < last.usage.decode_ms


async def test_chat_answers_too(engine):
    text, last = await collect(engine.chat(chat(max_tokens=6)))
    assert text
    assert last.usage.generated_tokens == 6
    assert await text_of(engine.chat(chat(max_tokens=6))) == text


@pytest.mark.parametrize("end", [EOS, PRE, EOT])
async def test_end_tokens_end_a_middle_and_are_not_shown(engine, script, end):
    await engine.ready()
    script([BYTE + ord("x"), end])
    text, last = await collect(engine.infill(infill(heal=False, max_tokens=9)))
    assert (text, last.finish, last.usage.generated_tokens) == ("x", Finish.STOP, 1)
    assert await idle(engine)


async def test_characters_of_several_tokens_come_whole(engine, script):
    await engine.ready()
    text = "é日👩‍💻x"
    script([*(BYTE + byte for byte in text.encode()), EOS])
    chunks = [chunk.text async for chunk in engine.infill(infill(heal=False, max_tokens=99))]
    assert [chunk for chunk in chunks if chunk] == list(text)


async def test_half_a_character_at_the_end_is_marked(engine, script):
    await engine.ready()
    script([BYTE + byte for byte in "日".encode()])
    assert await text_of(engine.infill(infill(heal=False, max_tokens=2))) == "\ufffd"


async def test_no_space_is_lost_or_added(engine, script):
    """The first token's space belongs to the middle, as every other."""
    await engine.ready()
    vocab = engine._loading.result().infill.model.vocab
    script([*vocab.encode_inside(" x = 1  \n  y"), EOT])
    assert await text_of(engine.infill(infill("a", heal=False, max_tokens=99))) == " x = 1  \n  y"


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "ret",
        "def f():\n    retu",
        "def f():\n\t\t",
        "def f():\n    ",
        "x = '日本é",
        "x = '👩‍💻",
        "☕",
        "x.getUserById",
        "a" * 60,
        "x \ud83d",
    ],
)
@pytest.mark.parametrize("temperature", [0, 1.5])
async def test_what_healing_dropped_is_spelled_first_and_not_shown(
    engine, monkeypatch, prefix, temperature
):
    """Whatever the model prefers: its weights are noise."""
    said = spy_on_tokens(monkeypatch)
    await engine.ready()
    vocab = engine._loading.result().infill.model.vocab
    sampling = Sampling(temperature=temperature, top_k=0, top_p=1, min_p=0, seed=3)
    text = await text_of(engine.infill(infill(prefix, max_tokens=24, sampling=sampling)))
    spelled = b"".join(vocab.piece(token) for token in said)
    dropped, shown = said.constraint, spelled[len(said.constraint) :]
    assert dropped
    assert (" " + prefix).encode("utf-8", "replace").endswith(dropped)
    assert spelled.startswith(dropped)
    # The last character may be unfinished.
    assert shown.decode("utf-8", "replace").startswith(text.rstrip("\ufffd"))


class Said(list):
    constraint = b""


def spy_on_tokens(monkeypatch):
    """The list that every chosen token is added to, and the first constraint."""
    from lsp_server.engine.llama.generation import Generation

    said = Said()
    choose, init = Sampler.choose, Generation.__init__

    def spied_init(self, plan, *rest):
        said.constraint = plan.prompt.constraint
        init(self, plan, *rest)

    monkeypatch.setattr(Generation, "__init__", spied_init)
    monkeypatch.setattr(Sampler, "choose", lambda *args: said.append(choose(*args)) or said[-1])
    return said


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0),
        Sampling(temperature=0, repeat_penalty=1.3),
        Sampling(temperature=0.8, seed=7),
        Sampling(temperature=0.8, seed=-1, top_k=0, top_p=1, min_p=0),
        Sampling(temperature=2, seed=7, top_k=1),
        Sampling(temperature=1, seed=7, top_k=5, top_p=0.5, min_p=0.2, repeat_penalty=1.1),
    ],
)
async def test_sampling_repeats_with_its_seed(engine, sampling):
    request = infill(CODE, max_tokens=12, sampling=sampling)
    await text_of(engine.infill(request))
    answers = {await text_of(engine.infill(request)) for _ in range(3)}
    if sampling.seed != -1:
        assert len(answers) == 1
    assert all(answers)


async def test_seeds_differ_and_top_k_1_is_the_likeliest(engine):
    def ask(**sampling):
        return text_of(engine.infill(infill(CODE, max_tokens=12, sampling=Sampling(**sampling))))

    likeliest = await ask()
    hot = {"temperature": 1.5, "top_k": 0, "top_p": 1, "min_p": 0}
    assert len({await ask(seed=seed, **hot) for seed in (1, 2, 3)}) == 3
    assert await ask(temperature=1.5, top_k=1, seed=5) == likeliest


async def test_orders_ask_differently(engine):
    answers = [await text_of(engine.infill(infill(CODE, order=order))) for order in ("psm", "spm")]
    assert answers[0] != answers[1]


async def test_prompt_that_does_not_fit(engine):
    await engine.ready()
    long = "x = 1\n" * 200
    with pytest.raises(PromptTooLong, match=r"more than n_ctx \(512\)") as caught:
        await collect(engine.infill(infill(long)))
    assert "n_ctx" in caught.value.hint
    with pytest.raises(PromptTooLong):
        await collect(engine.chat(chat(long)))
    with pytest.raises(PromptTooLong):
        await collect(engine.chat(chat("short", max_tokens=512)))
    assert await text_of(engine.infill(infill()))


async def test_prompt_that_just_fits(engine):
    _, last = await collect(engine.chat(chat("short", max_tokens=500)))
    assert last.usage.prompt_tokens + last.usage.generated_tokens <= 512
    length = last.usage.prompt_tokens
    _, last = await collect(engine.chat(chat("short", max_tokens=512 - length)))
    assert last.usage.prompt_tokens == length


async def test_counting(engine):
    assert await engine.count_tokens(Role.INFILL, ["", "x", "x = 1\n"]) == [0, 1, 5]
    assert await engine.count_tokens(Role.INSTRUCT, []) == []
    request = chat("What is it?", max_tokens=1)
    _, last = await collect(engine.chat(request))
    assert await engine.count_chat_tokens(request.messages) == last.usage.prompt_tokens


async def test_empty_document(engine):
    text, last = await collect(engine.infill(infill("", "")))
    assert last.usage.generated_tokens == 8
    assert text


async def test_plain_format_completes_the_prefix(start):
    engine = start(family="plain")
    assert (await engine.ready()).family == "plain"
    text = await text_of(engine.infill(infill(CODE, "one suffix")))
    assert text == await text_of(engine.infill(infill(CODE, "another")))
