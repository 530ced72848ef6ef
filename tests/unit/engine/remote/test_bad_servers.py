"""Servers that cut, stall, lie and refuse: what is asked again, what is told, what is given."""

import pytest

from lsp_server.engine.protocol import ChatRequest, Finish, InfillRequest, Message
from lsp_server.errors import EngineError, EngineGone, EngineRefused
from tests.scripted_server import MODELS, Reply, as_json, chat, completion, events, serving

ASK = InfillRequest("def f():\n    ret", "\n", 16)
COMPLETIONS = "/v1/completions"


async def infilled(engine, request=ASK):
    return "".join([chunk.text async for chunk in engine.infill(request)])


def server(*replies, models=(MODELS,)):
    return serving({"/v1/models": models, COMPLETIONS: replies})


@pytest.mark.parametrize(
    "bad",
    [
        completion("urn", cut=True),
        completion(cut=True),
        events('{"choices": [{"te', cut=True),
        events('{"choices": [{"te'),
        events({"choices": [{"text": "urn"}]}),
        as_json({"error": {"message": "boom"}}, 500),
        as_json({"error": {"message": "no server"}}, 502),
        as_json({"error": {"message": "busy"}}, 503),
        as_json({"error": {"message": "slow down"}}, 429),
        Reply(b"<html>Bad gateway</html>", 502, "text/html"),
    ],
)
async def test_what_may_pass_is_asked_again_and_given_once(engine_at, pauses, bad):
    async with server(bad, completion("urn", " 1")) as there, engine_at(there.url) as engine:
        assert await infilled(engine) == "urn 1"
        assert len(there.bodies(COMPLETIONS)) == 2
        assert len(pauses) == 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (as_json({"error": {"message": "no such parameter"}}, 400), "no such parameter"),
        (as_json({"detail": "Unauthorized"}, 401), "engine key"),
        (as_json({"error": "model 'x' not found"}, 404), "engine.kind"),
        (Reply(b"<html>Welcome</html>", type="text/html"), "not as an engine"),
        (events({"choices": "what?"}), "no known shape"),
        (events("[1, 2]"), "not as an engine"),
        (events({"error": {"message": "out of memory"}}), "out of memory"),
    ],
)
async def test_what_lasts_is_told_at_once(engine_at, bad, message):
    async with server(bad) as there, engine_at(there.url) as engine:
        with pytest.raises(EngineError, match=message):
            await infilled(engine)
        assert len(there.bodies(COMPLETIONS)) == 1


async def test_another_second_answer_is_not_mixed_into_the_first(engine_at):
    replies = [completion("return 1", cut=True), completion("retire")]
    async with server(*replies) as there, engine_at(there.url) as engine:
        with pytest.raises(EngineError, match="in the middle of an answer"):
            await infilled(engine)


async def test_a_server_that_keeps_failing_is_left_alone(engine_at):
    async with (
        server(as_json({"error": "boom"}, 500)) as there,
        engine_at(there.url) as engine,
    ):
        for _ in range(3):
            with pytest.raises(EngineError, match="boom"):
                await infilled(engine)
        assert len(there.bodies(COMPLETIONS)) == 3


async def test_a_stall_ends_with_the_timeout(engine_at):
    async with server(completion(stall=True)) as there, engine_at(there.url, timeout=1) as engine:
        with pytest.raises(EngineGone, match="went away"):
            await infilled(engine)


async def test_closing_the_stream_closes_the_connection(engine_at):
    async with server(completion("a", stall=True)) as there, engine_at(there.url) as engine:
        stream = engine.infill(ASK)
        assert (await anext(stream)).text == "a"
        await stream.aclose()
        await there.until(lambda: there.left == 1)


async def test_retry_after_is_respected(engine_at, pauses):
    busy = as_json({"error": "busy"}, 429, **{"Retry-After": "7"})
    async with server(busy, completion("x")) as there, engine_at(there.url) as engine:
        assert await infilled(engine) == "x"
        assert pauses == [7]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (Reply(b"<html>Hello</html>", type="text/html"), "not as an engine"),
        (as_json({"models": 3}), "does not list its models"),
        (as_json({"data": []}), "serves no model"),
        (as_json({"detail": "Unauthorized"}, 401), "refused .401.: Unauthorized"),
    ],
)
async def test_what_is_no_engine_is_refused_at_the_start(engine_at, models, message):
    async with server(models=[models]) as there, engine_at(there.url) as engine:
        with pytest.raises(EngineRefused, match=message):
            await engine.ready()


async def test_a_prompt_that_is_only_read_gives_no_text(engine_at):
    async with server(completion("x")) as there, engine_at(there.url) as engine:
        assert await infilled(engine, InfillRequest("a", "b", 0)) == ""
        assert there.bodies(COMPLETIONS)[0]["max_tokens"] == 1


async def test_nothing_there_is_gone(engine_at):
    async with server() as there:
        url = there.url
    async with engine_at(url) as engine:
        with pytest.raises(EngineGone, match="does not answer"):
            await engine.ready()


async def test_a_chat_is_streamed_and_resumed(engine_at):
    replies = {
        "/v1/models": [MODELS],
        "/v1/chat/completions": [chat("Hel", cut=True), chat("Hel", "lo\u2028", "!")],
    }
    async with serving(replies) as there, engine_at(there.url) as engine:
        request = ChatRequest((Message("user", "Say hello."),), 16)
        chunks = [chunk async for chunk in engine.chat(request)]
        assert "".join(chunk.text for chunk in chunks) == "Hello\u2028!"
        assert chunks[-1].finish is Finish.STOP
