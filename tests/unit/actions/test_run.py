"""Whole actions with the engine double's scripted answers."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.actions.offers import Diagnostic, Offer, offers
from lsp_server.actions.result import EditResult, PageResult
from lsp_server.actions.run import run
from lsp_server.actions.templates import load_templates
from lsp_server.config import Actions, Config
from lsp_server.documents import apply_edits
from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.errors import AnswerError, ModelMissing, PromptTooLong
from tests.unit.actions.marked import marked

TEMPLATES = load_templates()
WRONG = "import os\n\n\n«def half(a):\n    return a / 3»\n"
RIGHT = "import os\n\n\ndef half(a):\n    return a / 2\n"


async def run_on(text, action, answer, language="python", diagnostics=(), config=None, **engine):
    """Run the action on the marked selection; gives the snapshot, the engine and the result."""
    snapshot, start, end = marked(text, language)
    template = TEMPLATES[action]
    offer = Offer(action, template.title, template.kind, start, end, diagnostics)
    double = ScriptedEngine(chats=[Answer(answer)], **engine)
    return snapshot, double, await run(offer, template, snapshot, double, config or Config())


async def fixed(text, answer, action="fix", **more):
    """The document after the action's edit."""
    snapshot, _, result = await run_on(text, action, answer, **more)
    assert isinstance(result, EditResult), result
    return apply_edits(snapshot.text, result.edits)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("```python\ndef half(a):\n    return a / 2\n```", id="as asked"),
        pytest.param("def half(a):\n    return a / 2\n", id="no fence"),
        pytest.param(
            "The 3 must be a 2:\n```\ndef half(a):\n    return a / 2\n```\nDone.", id="prose"
        ),
        pytest.param(
            "```python\nhalf(3)\n```\nto\n```python\ndef half(a):\n    return a / 2\n```",
            id="two fences",
        ),
        pytest.param("```python\ndef half(a):\n    return a / 2", id="unclosed fence"),
        pytest.param("```python\r\ndef half(a):\r\n    return a / 2\r\n```\r\n", id="CRLF"),
        pytest.param(
            "```python\ndef half(a):\n    return a / 2\n```<|im_end|><|im_start|>user", id="control"
        ),
        pytest.param("```ruby\ndef half(a):\n    return a / 2\n```", id="wrong tag, right code"),
        pytest.param(
            "```python\nimport os\n\n\ndef half(a):\n    return a / 2\n```", id="with what is above"
        ),
    ],
)
async def test_fix_makes_an_edit_of_what_models_answer(answer):
    assert await fixed(WRONG, answer) == RIGHT


async def test_only_the_changed_line_is_edited():
    snapshot, _, result = await run_on(
        WRONG, "fix", "```python\ndef half(a):\n    return a / 2\n```"
    )
    assert [snapshot.text[edit.start : edit.end] for edit in result.edits] == ["    return a / 3"]


async def test_line_ends_are_the_files():
    text = "class A:\r\n    «def f(self):\r\n        return 1»\r\n"
    changed = await fixed(text, "```python\ndef f(self):\n    a = 2\n    return a\n```")
    assert changed == "class A:\r\n    def f(self):\r\n        a = 2\r\n        return a\r\n"


async def test_tabs_are_the_files():
    text = "int f(int a) {\n\tif (a) {\n\t\t«return 1;»\n\t}\n}\n"
    changed = await fixed(text, "```c\nif (a > 1) {\n    return 1;\n}\n```", language="c")
    assert changed == (
        "int f(int a) {\n\tif (a) {\n\t\tif (a > 1) {\n\t\t\treturn 1;\n\t\t}\n\t}\n}\n"
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "empty"),
        ("<|im_end|>", "empty"),
        ("I see nothing that is wrong with this function.", "words only"),
        ("```python\ndef half(a):\n    return a / 3\n```", "changed nothing"),
        ("```rust\nfn half(a: f64) -> f64 { a / 2.0 }\n```", "in rust, not in python"),
    ],
)
async def test_an_answer_that_is_no_edit_is_refused_with_the_reason(answer, reason):
    with pytest.raises(AnswerError, match=reason) as error:
        await run_on(WRONG, "fix", answer)
    assert error.value.hint


async def test_an_edit_that_would_break_the_file_becomes_a_page():
    _, _, result = await run_on(WRONG, "fix", "```python\ndef half(a:\n    return a / 2\n```")
    assert isinstance(result, PageResult)
    assert result.title == "Fix: code.python, lines 4-5"
    assert "Not applied" in result.markdown
    assert "syntax error" in result.markdown
    assert "```python\ndef half(a:\n    return a / 2\n```" in result.markdown


async def test_a_file_that_was_broken_may_stay_so_with_a_warning():
    text = "«def half(a:\n    return a / 2»\n"
    assert await fixed(text, "```python\ndef half(a):\n    return a / 2\n```") == (
        "def half(a):\n    return a / 2\n"
    )
    _, _, result = await run_on(text, "fix", "```python\ndef half(a:\n    return a / )) 2 ((\n```")
    assert isinstance(result, EditResult)
    assert "more syntax errors" in result.warning


async def test_an_endless_answer_is_not_applied():
    answer = "```python\ndef half(a):\n" + "    a = a + 1\n" * 1000
    _, double, result = await run_on(
        WRONG, "fix", answer, config=Config(actions=Actions(max_tokens=100))
    )
    assert isinstance(result, PageResult)
    assert "cut at 100 tokens" in result.markdown
    assert double.chat_requests[0].max_tokens == 100


async def test_a_file_without_a_grammar_is_edited_too():
    changed = await fixed("a = 1\n«b = 3»\n", "```ini\nb = 2\n```", language="ini")
    assert changed == "a = 1\nb = 2\n"
    with pytest.raises(AnswerError, match="in python, not in ini"):
        await run_on("«b = 3»\n", "fix", "```python\nb = 2\n```", language="ini")


async def test_fix_of_a_diagnostic_shows_and_edits_its_function():
    text = "def f():\n    a = 1\n    return «b»\n\n\ndef g():\n    pass\n"
    snapshot, start, end = marked(text)
    diagnostic = Diagnostic(start, end, "undefined name\n'b'", "pyflakes", "F821")
    [offer] = offers(TEMPLATES, snapshot, start, start, [diagnostic])
    double = ScriptedEngine(chats=[Answer("```python\ndef f():\n    a = 1\n    return a\n```")])
    result = await run(offer, TEMPLATES["fix"], snapshot, double, Config())
    assert apply_edits(snapshot.text, result.edits) == text.replace("«b»", "a")
    system, user = double.chat_requests[0].messages
    assert system.content == Config().actions.system
    assert "Error in the line `return b`: undefined name 'b' (pyflakes F821)" in user.content
    assert "```python\ndef f():\n    a = 1\n    return b\n```" in user.content


@pytest.mark.parametrize(
    ("text", "answer", "expected"),
    [
        (
            "«# The half of a.»\n",
            "```python\ndef half(a):\n    return a / 2\n```",
            "# The half of a.\ndef half(a):\n    return a / 2\n",
        ),
        (
            "class A:\n    «def half(a):\n        pass»\n",
            "```python\ndef half(a):\n    return a / 2\n```",
            "class A:\n    def half(a):\n        return a / 2\n",
        ),
    ],
)
async def test_generate(text, answer, expected):
    assert await fixed(text, answer, "generate") == expected


async def test_explain_is_a_page():
    _, double, result = await run_on(WRONG, "explain", "It divides\r\nby three.\n<|im_end|>")
    assert result == PageResult(
        "Explain: code.python, lines 4-5",
        "# Explain: code.python, lines 4-5\n\nIt divides\nby three.\n",
    )
    assert (
        "```python\ndef half(a):\n    return a / 3\n```"
        in double.chat_requests[0].messages[1].content
    )


async def test_explain_takes_part_of_a_line():
    _, double, result = await run_on("x = «[a for a in b]»\n", "explain", "A list.")
    assert result.title == "Explain: code.python, line 1"
    assert "```python\n[a for a in b]\n```" in double.chat_requests[0].messages[1].content


async def test_a_cut_explanation_says_so_and_closes_its_fence():
    config = Config(actions=Actions(max_tokens=3))
    _, _, result = await run_on(WRONG, "explain", "As ```\nin\n```python\na b c d", config=config)
    assert "cut at 3 tokens" in result.markdown
    assert result.markdown.endswith("\n```\n")


async def test_a_selection_larger_than_n_ctx_is_explained_in_part():
    lines = "".join(f"value_{n} = {n}\n" for n in range(1000))
    _, double, result = await run_on(f"«{lines}»", "explain", "Numbers.", n_ctx=1024)
    user = double.chat_requests[0].messages[1].content
    assert "value_0 = 0\nvalue_1 = 1\n" in user
    shown = user.count("value_")
    assert 10 < shown < 1000
    assert f"# ... {1000 - shown} more lines are left out here ..." in user
    assert f"> {1000 - shown} lines did not fit" in result.markdown
    assert (
        await double.count_chat_tokens(double.chat_requests[0].messages)
        <= 1024 - load_templates()["explain"].max_tokens
    )


async def test_a_very_long_line_is_explained_in_part():
    _, double, result = await run_on(f"«x = '{'y' * 2_000_000}'»", "explain", "A text.")
    assert len(double.chat_requests[0].messages[1].content) < 20_000
    assert "did not fit" in result.markdown


@pytest.mark.parametrize("lines", [400, 40_000])
async def test_an_edit_of_too_long_a_selection_is_refused(lines):
    with pytest.raises(PromptTooLong, match="tokens") as error:
        await run_on("«" + "value = 1\n" * lines + "»", "fix", "```python\nx\n```")
    assert "fewer lines" in error.value.hint


@pytest.mark.parametrize("action", ["explain", "fix"])
async def test_every_prompt_leaves_room_for_the_answer(action):
    text = "".join(f"def f{n}(a):\n    return a + {n}\n\n" for n in range(200))
    text = text.replace("def f99(a):\n    return a + 99", "«def f99(a):\n    return a + 99»")
    answer = "```python\ndef f99(a):\n    return a\n```"
    for n_ctx in (256, 512, 1024, 4096):
        _, double, _ = await run_on(text, action, answer, n_ctx=n_ctx)
        [request] = double.chat_requests
        assert await double.count_chat_tokens(request.messages) + request.max_tokens <= n_ctx


async def test_the_code_around_is_shown_where_the_template_asks_for_it():
    text = "LIMIT = 10\n\n\ndef other(a):\n    return LIMIT\n\n\n«def f(a):\n    return other(a)»\n"
    _, double, _ = await run_on(text, "explain", "It calls the other one.")
    assert "def other(a):" in double.chat_requests[0].messages[1].content
    _, double, _ = await run_on(text, "fix", "```python\ndef f(a):\n    return a\n```")
    assert "def other(a):" not in double.chat_requests[0].messages[1].content


async def test_a_fence_in_the_selection_does_not_end_the_prompts():
    text = "«def f():\n    '''\n    ```\n    f()\n    ```\n    '''»\n"
    _, double, _ = await run_on(text, "explain", "It does nothing.")
    assert "````python\ndef f():" in double.chat_requests[0].messages[1].content


async def test_progress_gets_every_piece():
    snapshot, start, end = marked(WRONG)
    pieces = []
    double = ScriptedEngine(chats=[Answer("It divides by three.")])
    offer = Offer("explain", "Explain", "explain", start, end)
    await run(offer, TEMPLATES["explain"], snapshot, double, Config(), pieces.append)
    assert pieces == ["It", " divides", " by", " three."]


async def test_an_instruction_reaches_the_model():
    snapshot, start, end = marked(WRONG)
    double = ScriptedEngine(chats=[Answer("Fine.")])
    offer = Offer("explain", "Explain", "explain", start, end)
    await run(offer, TEMPLATES["explain"], snapshot, double, Config(), instruction="In French.")
    assert "In French." in double.chat_requests[0].messages[1].content


async def test_cancelling_closes_the_stream():
    snapshot, start, end = marked(WRONG)
    reached = asyncio.Event()
    double = ScriptedEngine(chats=[Answer("word", stall=True)])
    offer = Offer("fix", "Fix", "quickfix", start, end)
    running = run(
        offer, TEMPLATES["fix"], snapshot, double, Config(), on_progress=lambda _: reached.set()
    )
    task = asyncio.create_task(running)
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert double.cancelled == 1


async def test_a_missing_model_is_the_engines_error():
    with pytest.raises(ModelMissing):
        await run_on(WRONG, "explain", "", load_error=ModelMissing("No model.", "Pull it."))


async def test_nothing_selected():
    with pytest.raises(AnswerError, match="nothing to fix"):
        await run_on("a\n«\n\n»b", "fix", "")
    with pytest.raises(AnswerError, match="nothing to explain"):
        await run_on("‸", "explain", "")


PIECES = [
    "```",
    "```python\n",
    "~~~",
    "\n",
    "\r\n",
    "    ",
    "\t",
    "def half(a):",
    "return a / 2",
    "}",
]
PIECES += ["import os", "<|im_end|>", "Here it is:", '"""', " ", "x", "\u2028", "\f", "é👩‍💻"]


@settings(max_examples=60, deadline=None)
@given(
    answer=st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    action=st.sampled_from(["fix", "generate"]),
    text=st.sampled_from([WRONG, WRONG.replace("\n", "\r\n"), "«a»", "x(\n\t«y\n\n»\n)"]),
)
def test_no_answer_is_misplaced(answer, action, text):
    try:
        snapshot, _, result = asyncio.run(run_on(text, action, answer))
    except AnswerError:
        return
    if isinstance(result, EditResult):
        start, end = text.index("«"), len(text) - text[::-1].index("»") - 2
        changed = apply_edits(snapshot.text, result.edits)
        assert changed.startswith(snapshot.text[:start])
        assert changed.endswith(snapshot.text[end:])
        assert changed != snapshot.text
