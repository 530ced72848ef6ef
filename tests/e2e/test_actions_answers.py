"""What models do instead of one code block: each action, through a real server, on each of it."""

import dataclasses
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from benchmarks.lsp_text import edited
from tests.e2e.editor import running_editor

TEXT = "import os\r\n\r\n\r\ndef f(a):\r\n    # zwei\r\n    return a + b\r\n"
LINES = (3, 0, 5, 16)
PAGES = ("Explain", "Write tests")
# Two actions change comments only, the others code.
COMMENTED = "def f(a):\n    # two\n    return a + b"
CODE = "def f(a, b):\n    # zwei\n    return a + b"
NEW_CODE = {
    "Fix": CODE,
    "Generate": CODE,
    "Simplify": CODE,
    "Document": COMMENTED,
    "Translate comments": COMMENTED,
}
ENDLESS = "```python\n" + "x = 1\n " * 200


@dataclasses.dataclass(frozen=True)
class Bad:
    """An answer around `{code}`. `edited` says whether the code becomes an edit; else `said` is in
    the message, or in the page with the code. `page` is in the page of an action that gives one,
    None where there is none to give."""

    answer: str
    edited: bool = False
    said: str = ""
    page: str | None = "def f(a"


BAD = {
    "no fence": Bad("{code}", edited=True),
    "two fences": Bad("It was:\n```python\nf(1)\n```\nNow:\n```python\n{code}\n```\n", edited=True),
    "prose around": Bad("Sure! Here it is:\n\n```python\n{code}\n```\nThat is all.", edited=True),
    "a fence never closed": Bad("```python\n{code}", edited=True),
    "prose only": Bad("There is nothing that is wrong here.", said="words only", page="nothing"),
    "empty": Bad("", said="empty", page=None),
    "an empty block": Bad("```\n```", said="empty code block", page="```"),
    "wrong language": Bad("```rust\nfn f() {}\n```", said="in rust, not in python", page="fn f"),
    "endless": Bad(ENDLESS, said="cut at 40 tokens", page="cut at 40 tokens"),
    "control tokens": Bad("```python\n{code}\n```<|im_end|>\n<|im_start|>user\nx", edited=True),
    "nothing but control tokens": Bad("<|im_end|><|im_start|>", said="empty", page=None),
    "CRLF": Bad("Here:\r\n```python\r\n{code_crlf}\r\n```\r\n", edited=True),
    "a syntax error": Bad("```python\ndef f(a:\n    # zwei\n    return a\n```", said="Not applied"),
    "a placeholder": Bad(
        "```python\ndef f(a):\n    # zwei\n    ...\n```", said="'...' in place of code"
    ),
}


@pytest.fixture(autouse=True)
def no_own_actions(monkeypatch, tmp_path):
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(tmp_path / "no-actions"))


@pytest.mark.parametrize("name", BAD)
async def test_each_action_on_a_bad_answer(script, name):
    bad = BAD[name]
    titles = [*PAGES, *NEW_CODE]
    answers = [_answer(bad, NEW_CODE.get(title, CODE)) for title in titles]
    # Without a second try, each action takes one answer.
    options = {"actions": {"max_tokens": 40, "time_limit": 0}}
    async with running_editor(*script(chats=answers), options=options) as editor:
        for number, title in enumerate(titles):
            uri = f"file:///project/{number}.py"
            editor.open(uri, TEXT)
            told = await _performed(editor, uri, title)
            if title in PAGES:
                assert told.page_is_right(bad), title
            elif bad.edited:
                assert told.text == _expected(NEW_CODE[title]), title
            else:
                assert told.text is None, title
                assert bad.said in told.message + told.page, title
                assert "<|im_" not in told.message + told.page


@dataclasses.dataclass(frozen=True)
class Told:
    """What the user sees: the document after the edit, a message, a page."""

    text: str | None
    message: str
    page: str

    def page_is_right(self, bad: Bad) -> bool:
        if bad.page is None:
            return "empty" in self.message and not self.page
        clean = "<|im_" not in self.page and "\r" not in self.page
        return bad.page in self.page and clean and not self.message


async def _performed(editor, uri: str, title: str) -> Told:
    messages, shown = len(editor.messages), len(editor.shown)
    actions = await editor.actions(uri, *LINES)
    action = next(action for action in actions if action.title == title)
    edit = None
    if action.command:
        await editor.execute(action.command)
    else:
        edit = (await editor.client.code_action_resolve_async(action)).edit
    return Told(
        edited(TEXT, edit) if edit else None,
        "".join(message.message for message in editor.messages[messages:]),
        "".join(_page(page.uri) for page in editor.shown[shown:]),
    )


def _answer(bad: Bad, code: str) -> str:
    crlf = code.replace("\n", "\r\n")
    return bad.answer.replace("{code}", code).replace("{code_crlf}", crlf)


def _expected(code: str) -> str:
    """The document with the new code: its own line ends, and nothing else changed."""
    return TEXT[: TEXT.index("def")] + code.replace("\n", "\r\n") + "\r\n"


def _page(uri: str) -> str:
    return Path(unquote(urlparse(uri).path)).read_bytes().decode()
