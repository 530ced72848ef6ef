"""llama.vim's way: which keys it asks for, what it answers from its cache, and what it shows."""

import asyncio
import json

import httpx
import pytest

from benchmarks.typing.document import Document, Shown
from benchmarks.typing.llama_vim import LlamaVim


class Server:
    """A llama-server that answers from a table by the current line; `asked` are its bodies."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.asked: list[dict] = []
        self.asked_twice = asyncio.Event()
        self._answers = answers
        self.http = httpx.AsyncClient(
            transport=httpx.MockTransport(self._answer), base_url="http://llama"
        )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body)
        if len(self.asked) == 2:
            self.asked_twice.set()
        timings = {"prompt_n": 10, "predicted_n": 3}
        content = self._answers.get(body["prompt"], "")
        return httpx.Response(200, json={"content": content, "timings": timings})


def at(marked: str) -> Document:
    return Document("a.py", marked.replace("‸", ""), marked.index("‸"))


async def shown(vim: LlamaVim, marked: str) -> str | None:
    found, _ = await vim.key(at(marked))
    return found.text if found else None


async def test_a_suggestion_that_is_typed_comes_from_the_cache():
    server = Server({"x = ": "foo(1)"})
    vim = LlamaVim(server.http)
    assert await shown(vim, "a\nx = ‸\nb") == "foo(1)"
    assert await vim.key(at("a\nx = fo‸\nb")) == (Shown(8, 8, "o(1)"), False)
    await vim.close()


async def test_another_text_is_asked_for():
    server = Server({"x = ": "foo(1)", "x = g": "et()"})
    vim = LlamaVim(server.http)
    await vim.key(at("a\nx = ‸\nb"))
    assert await vim.key(at("a\nx = g‸\nb")) == (Shown(7, 7, "et()"), True)
    await vim.close()
    first, second = (b for b in server.asked if b["t_max_predict_ms"] == 250)
    assert (first["input_prefix"], first["input_suffix"]) == ("a\n", "\nb\n")
    assert (first["prompt"], second["prompt"]) == ("x = ", "x = g")


async def test_what_would_come_after_a_suggestion_is_asked_for_while_it_is_read():
    server = Server({"x = ": "f(\n  1,"})
    vim = LlamaVim(server.http)
    await vim.key(at("x = ‸\nb"))
    await asyncio.wait_for(server.asked_twice.wait(), 5)
    await vim.close()
    ahead = server.asked[1]
    assert (ahead["input_prefix"], ahead["prompt"]) == ("x = f(\n", "  1,")
    assert (ahead["input_suffix"], ahead["t_max_predict_ms"]) == ("\nb\n", 1000)
    assert [one.idle for one in vim.work] == [False, True]


async def test_nothing_is_asked_where_much_stands_right_of_the_cursor():
    server = Server({})
    vim = LlamaVim(server.http)
    assert await vim.key(at("x = ‸123456789\n")) == (None, False)
    assert not server.asked


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("x = ‸\nb", "1\n\n", "1"),
        ("x = ‸\nb", "\n", None),
        ("x‸)\nb", ")", None),
        ("x‸)\nb", "(1", "(1"),
        ("‸\n\nb\nc", "b", None),
        ("‸\n\nb\nc", "b\nc", None),
        ("‸\n\nb\nc", "b\nd", "b\nd"),
        ("a‸\nb\nc", "\nb\nc", None),
    ],
)
async def test_what_stands_below_already_is_not_shown(marked, answer, expected):
    text = at(marked).text.split("\n")[0]
    server = Server({text[: at(marked).offset]: answer})
    vim = LlamaVim(server.http)
    assert await shown(vim, marked) == expected
    await vim.close()
