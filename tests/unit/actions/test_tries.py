"""An answer that won't do is asked for again, the reason told, within limits."""

import asyncio

import pytest

from lsp_server.actions.offers import Diagnostic, Offer
from lsp_server.actions.result import EditResult, PageResult
from lsp_server.actions.run import run
from lsp_server.actions.templates import load_templates
from lsp_server.config import Actions, Config
from lsp_server.documents import apply_edits
from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.errors import AnswerError
from tests.unit.actions.marked import marked

TEMPLATES = load_templates()
WRONG = "import os\n\n\n«def half(a):\n    return a / 3»\n"
GOOD = "```python\ndef half(a):\n    return a / 2\n```"
SAME = "```python\ndef half(a):\n    return a / 3\n```"
PLACEHOLDERS = ("'# <selection>' in place of code", "'...' in place of code")
BROKEN = "```python\ndef half(a:\n    return a / 2\n```"


async def tried(*answers, action="fix", text=WRONG, config=None, **engine):
    """The engine, the reasons for further tries, and the document or what was said instead."""
    snapshot, start, end = marked(text)
    template = TEMPLATES[action]
    offer = Offer(action, template.title, template.kind, start, end)
    double = ScriptedEngine(chats=[Answer(answer) for answer in answers], **engine)
    reasons = []
    running = run(offer, template, snapshot, double, config or Config(), on_retry=reasons.append)
    try:
        result = await running
    except AnswerError as error:
        return double, reasons, error.message
    done = apply_edits(snapshot.text, result.edits) if isinstance(result, EditResult) else result
    return double, reasons, done


@pytest.mark.parametrize(
    ("answer", "reason", "told"),
    [
        ("", "empty", "one python code block"),
        ("I can't see a bug in it.", "words only", "one python code block"),
        (SAME, "changed nothing", "same as before"),
        (BROKEN, "syntax error", "has a syntax error"),
        ("```rust\nfn half() {}\n```", "in rust", "one python code block"),
        ("```python\n# <selection>\n```", "'# <selection>' in place of code", "complete code"),
        ("```python\ndef half(a):\n    ...\n```", "'...' in place of code", "complete code"),
    ],
)
async def test_a_second_try_with_the_reason_told(answer, reason, told):
    double, reasons, text = await tried(answer, GOOD)
    assert text == "import os\n\n\ndef half(a):\n    return a / 2\n"
    assert [reason in said for said in reasons] == [True]
    first, second = double.chat_requests
    assert told in second.messages[-1].content
    shown = answer in {message.content for message in second.messages}
    assert shown is (reason in ("syntax error", *PLACEHOLDERS))
    assert shown is not second.messages[-1].content.startswith(first.messages[-1].content)


async def test_further_tries_of_a_fix_show_what_the_code_names():
    text = "def twice(a):\n    return 2 * a\n\n\n«def f(a):\n    return tvice(a)»\n"
    same = "```python\ndef f(a):\n    return tvice(a)\n```"
    double, _, _ = await tried(same, text=text)
    first, second, third = (r.messages[-1].content for r in double.chat_requests)
    assert "def twice(a)" not in first
    assert "def twice(a)\n" in second
    assert "same as before" in second
    assert "def twice(a)\n" in third


async def test_three_tries_and_then_the_reason():
    double, reasons, said = await tried(SAME)
    assert len(double.chat_requests) == 3
    assert len(reasons) == 2
    assert "changed nothing" in said
    assert [r.sampling.temperature for r in double.chat_requests] == [0.01, 0.01, 0.6]
    assert {r.sampling.seed for r in double.chat_requests} == {0}


async def test_of_failures_the_one_with_code_is_shown():
    _, _, result = await tried(BROKEN, "I am sorry that this is wrong.", "")
    assert isinstance(result, PageResult)
    assert "def half(a:" in result.markdown
    assert "syntax error" in result.markdown


async def test_no_second_try_without_time():
    double, reasons, _ = await tried(SAME, GOOD, config=Config(actions=Actions(time_limit=0)))
    assert len(double.chat_requests) == 1
    assert reasons == []


async def test_a_try_that_takes_too_long_is_cancelled():
    snapshot, start, end = marked(WRONG)
    offer = Offer("fix", "Fix", "quickfix", start, end)
    double = ScriptedEngine(chats=[Answer(SAME), Answer("```python\n", stall=True)])
    config = Config(actions=Actions(time_limit=1))
    with pytest.raises(AnswerError, match="changed nothing"):
        await run(offer, TEMPLATES["fix"], snapshot, double, config)
    assert double.cancelled == 1
    assert len(double.chat_requests) == 2


async def test_a_cut_answer_is_not_tried_again():
    config = Config(actions=Actions(max_tokens=30))
    double, _, result = await tried("```python\n" + "x = 1\n " * 100, config=config)
    assert isinstance(result, PageResult)
    assert len(double.chat_requests) == 1


async def test_every_try_fits_n_ctx():
    for n_ctx in (256, 320, 512):
        double, _, _ = await tried(BROKEN + "\n" + "talk " * 200, n_ctx=n_ctx)
        for request in double.chat_requests:
            used = await double.count_chat_tokens(request.messages)
            assert used + request.max_tokens <= n_ctx


async def test_cancelling_a_later_try_closes_its_stream():
    snapshot, start, end = marked(WRONG)
    offer = Offer("fix", "Fix", "quickfix", start, end)
    double = ScriptedEngine(chats=[Answer(""), Answer("```python\n", stall=True)])
    reached = asyncio.Event()
    running = run(
        offer, TEMPLATES["fix"], snapshot, double, Config(), on_progress=lambda _: reached.set()
    )
    task = asyncio.create_task(running)
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert double.cancelled == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(f"{GOOD}\nIt was a 3. And more.", id="talk after the block"),
        pytest.param(f"You wrote:\n{SAME}\nIt must be:\n{GOOD}\nSo.", id="quoted back"),
        pytest.param(f"```python\nhalf(3)\n```\nthen\n{GOOD}\nSo.", id="an excerpt"),
    ],
)
async def test_the_stream_is_closed_once_the_code_is_there(answer):
    snapshot, start, end = marked(WRONG)
    seen = []
    double = ScriptedEngine(chats=[Answer(answer, stall=True)])
    offer = Offer("fix", "Fix", "quickfix", start, end)
    result = await run(offer, TEMPLATES["fix"], snapshot, double, Config(), seen.append)
    assert apply_edits(snapshot.text, result.edits).endswith("return a / 2\n")
    assert "".join(seen).count("```") == answer.count("```")
    assert double.cancelled == 1


async def test_the_stream_is_closed_where_the_comment_above_is_left_out():
    snapshot, start, end = marked("# The half.\ndef half(a):\n    return «a / 3»\n")
    diagnostic = Diagnostic(start, end, "half(4) is 1.33")
    offer = Offer("fix", "Fix", "quickfix", start, end, (diagnostic,))
    answer = "```python\ndef half(b):\n    return b / 2\n```\nIt was a 3."
    double = ScriptedEngine(chats=[Answer(answer, stall=True)])
    result = await run(offer, TEMPLATES["fix"], snapshot, double, Config())
    text = apply_edits(snapshot.text, result.edits)
    assert text == "# The half.\ndef half(b):\n    return b / 2\n"


async def test_no_example_of_use_is_added():
    answer = "```python\ndef half(a):\n    return a / 2\n\n\n# Example usage\nprint(half(4))\n```"
    _, _, text = await tried(answer, action="generate", text="«# The half of a.»\n")
    assert text == "# The half of a.\ndef half(a):\n    return a / 2\n"


async def test_document_changes_nothing_but_comments():
    with_docs = '```python\ndef half(a):\n    """A third."""\n    return a / 3\n```'
    _, reasons, text = await tried(GOOD, with_docs, action="document")
    assert text == 'import os\n\n\ndef half(a):\n    """A third."""\n    return a / 3\n'
    assert reasons == ["It changes more than comments."]


async def test_a_definition_that_the_file_has_is_not_copied_in():
    text = "def twice(a):\n    return 2 * a\n\n\n«def f(a):\n    return tvice(a)»\n"
    copied = "```python\ndef twice(a):\n    return a\n\n\ndef f(a):\n    return twice(a)\n```"
    _, _, result = await tried(copied, text=text)
    assert "defines twice again" in result.markdown


async def test_generate_on_an_empty_line_with_an_instruction():
    snapshot, start, end = marked("def f(a):\n‸\n\nx = 1\n")
    offer = Offer("generate", "Generate", "refactor.rewrite", start, end)
    double = ScriptedEngine(chats=[Answer("```python\nreturn a / 2\n```")])
    result = await run(
        offer, TEMPLATES["generate"], snapshot, double, Config(), instruction="Halve a."
    )
    assert apply_edits(snapshot.text, result.edits) == "def f(a):\n    return a / 2\n\nx = 1\n"
    assert "Halve a." in double.chat_requests[0].messages[-1].content
    with pytest.raises(AnswerError, match="nothing to generate"):
        await run(offer, TEMPLATES["generate"], snapshot, double, Config())


@pytest.mark.parametrize(
    ("language", "said"),
    [("auto", False), ("English", False), ("German", True), ("de", True), ("de-AT", True)],
)
async def test_explanations_are_in_the_users_language(language, said):
    snapshot, start, end = marked(WRONG)
    for action in ("explain", "fix"):
        double = ScriptedEngine(chats=[Answer(GOOD)])
        offer = Offer(action, "", "", start, end)
        config = Config(actions=Actions(language=language))
        await run(offer, TEMPLATES[action], snapshot, double, config)
        system = double.chat_requests[0].messages[0].content
        assert ("Answer in German." in system) is (said and action == "explain")


async def test_a_long_selection_is_shown_without_the_bodies_of_its_last_functions():
    body = "".join(f"    value_{n} = a + {n}\n" for n in range(20))
    code = "".join(f"def f{n}(a):\n{body}    return a\n\n\n" for n in range(12))
    snapshot, start, end = marked(f"«{code}»")
    double = ScriptedEngine(chats=[Answer("Twelve functions.")], n_ctx=1536)
    offer = Offer("explain", "Explain", "explain", start, end)
    result = await run(offer, TEMPLATES["explain"], snapshot, double, Config())
    shown = double.chat_requests[0].messages[-1].content
    assert all(f"def f{n}(a):" in shown for n in range(12))
    assert f"def f0(a):\n{body}" in shown
    assert "def f11(a):\n    ..." in shown
    assert "lines did not fit" in result.markdown


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param(
            "def f(a):\n    return a / 2",
            "# Half of a.\ndef f(a):\n    return a / 2\n",
            id="left out",
        ),
        pytest.param(
            "# Half.\ndef f(a):\n    return a / 2",
            "# Half.\ndef f(a):\n    return a / 2\n",
            id="reworded",
        ),
    ],
)
async def test_a_fix_keeps_the_comment_above(answer, text):
    wrong = "«# Half of a.\ndef f(a):\n    return a / 3»\n"
    assert (await tried(f"```python\n{answer}\n```", text=wrong))[2] == text


async def test_a_fix_that_only_leaves_comments_out_is_none():
    wrong = "«# Half of a.\ndef f(a):\n    return a / 3  # half»\n"
    same = "```python\ndef f(a):\n    return a / 3\n```"
    _, reasons, said = await tried(same, text=wrong)
    assert "only leaves comments out" in said
    assert len(reasons) == 2
