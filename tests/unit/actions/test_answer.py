"""Taking code out of what models answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.actions.answer import Code, code_of, plain_text
from lsp_server.errors import AnswerError

PYTHON = frozenset(("python", "py"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param("```python\nx = 1\n```", "x = 1", id="one fence"),
        pytest.param("```\nx = 1\n```", "x = 1", id="no tag"),
        pytest.param("~~~py\nx = 1\n~~~\n", "x = 1", id="tildes"),
        pytest.param("```Python title=a.py\nx = 1\n```", "x = 1", id="tag in capitals, and more"),
        pytest.param("``` {.python}\nx = 1\n```", "x = 1", id="tag in braces"),
        pytest.param("````python\nx = '''\n```\n'''\n````", "x = '''\n```\n'''", id="longer fence"),
        pytest.param(
            "Here you are:\n\n```python\nx = 1\n```\nIt works.", "x = 1", id="prose around"
        ),
        pytest.param(
            "```python\n\n  x = 1\n  y = 2\n\n```", "  x = 1\n  y = 2", id="indentation stays"
        ),
        pytest.param(
            "- so:\n  ```python\n  x = 1\n    y\n  ```", "x = 1\n  y", id="fence in a list"
        ),
        pytest.param(
            "```bash\npip install some-long-thing\n```\n```python\nx = 1\n```",
            "x = 1",
            id="the wanted language",
        ),
        pytest.param(
            "```python\nx = 1\n```\n```python\nx = 1\ny = 2\n```", "x = 1\ny = 2", id="the longest"
        ),
        pytest.param(
            "```python\nx = 1\n```\n```python\ny = 1\n```", "x = 1", id="the first of equals"
        ),
        pytest.param(
            "```\nx = 1\n```\n```rust\nlet x = 1000;\n```", "x = 1", id="no tag before a wrong one"
        ),
        pytest.param("```python\r\nx = 1\r\ny = 2\r\n```\r\n", "x = 1\ny = 2", id="CRLF"),
        pytest.param(
            "```python\nx = 1\n```<|im_end|>\n<|im_start|>user\nmore",
            "x = 1",
            id="control token after",
        ),
        pytest.param(
            "<|im_start|>assistant\n```python\nx = 1\n```", "x = 1", id="control token before"
        ),
        pytest.param("```python\nx = 1</s>", "x = 1", id="control token in an open fence"),
        pytest.param(
            "```python\ndef f():\n    '''\n    ```\n    f()\n    ```\n    '''\n```",
            "def f():\n    '''\n    ```\n    f()\n    ```\n    '''",
            id="fence in a docstring",
        ),
        pytest.param(
            '```python\n"""\n```text\nfigure\n```\n"""\nx = 1\n```',
            '"""\n```text\nfigure\n```\n"""\nx = 1',
            id="nested fence",
        ),
    ],
)
def test_a_closed_block(answer, code):
    found = code_of(answer, PYTHON)
    assert found.text == code
    assert found.closed == ("</s>" not in answer)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param("```python\nx = 1\ny =", Code("x = 1\ny =", "python", False), id="cut"),
        pytest.param(
            "```python\nx = 1\n```python\ny =",
            Code("x = 1", "python", False),
            id="the first never closed",
        ),
        pytest.param(
            "```python\nx = 1\n    ```", Code("x = 1", "python"), id="closed too far right"
        ),
        pytest.param("x = 1\ny = 2\n", Code("x = 1\ny = 2", closed=False), id="no fence"),
        pytest.param(
            "Here is the fixed code:\n\n    x = 1\n\nI have fixed the name of the variable.",
            Code("    x = 1", closed=False),
            id="no fence, sentences around",
        ),
        pytest.param("Sure!\nfrom a import b\n", Code("from a import b", closed=False), id="Sure!"),
        pytest.param(
            "# This is the way the sum is made.\nx = sum(y)",
            Code("# This is the way the sum is made.\nx = sum(y)", closed=False),
            id="a comment is no prose",
        ),
    ],
)
def test_an_open_block(answer, code):
    assert code_of(answer, PYTHON) == code


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("<|im_end|>", "empty"),
        ("```python\n\n```", "empty code block"),
        ("I can't help with that.", "words only"),
        (
            "The code adds two numbers and\nreturns the sum of them.\n\nNothing is wrong.",
            "words only",
        ),
    ],
)
def test_no_code(answer, reason):
    with pytest.raises(AnswerError, match=reason) as error:
        code_of(answer, PYTHON)
    assert error.value.hint


def test_markdown_is_its_own_prose():
    answer = "```markdown\nUse it so:\n\n```python\nx = 1\n```\n\nThat is all of it.\n```"
    expected = "Use it so:\n\n```python\nx = 1\n```\n\nThat is all of it."
    assert code_of(answer, {"markdown", "md"}).text == expected
    assert code_of("This is a sentence.\n", {"markdown"}).text == "This is a sentence."


def test_a_control_token_in_the_users_code_stays():
    code = 'END = "<|im_end|>"'
    assert code_of(f"```python\n{code}\n```", PYTHON, source=code).text == code
    assert plain_text("a<s>b</s>c") == "a<s>b</s>c"


def test_a_tag_names_its_language():
    assert code_of("```c++\nint x;\n```", {"cpp"}).tag == "c++"
    assert code_of("```C#\nint x;\n```", {"csharp"}).tag == "c#"


@given(st.text(alphabet="`~ \n\rxpy=.<|>/s'#A", max_size=60))
def test_any_answer_gives_code_or_a_reason(answer):
    try:
        code = code_of(answer, PYTHON)
    except AnswerError:
        return
    assert code.text.strip()
    assert "\r" not in code.text


@given(st.lists(st.text(alphabet="ab =()'\t", max_size=12), min_size=1, max_size=6))
def test_a_fenced_block_comes_back_whole(lines):
    code = "\n".join(["x", *lines, "y"])
    assert code_of(f"So:\n```python\n{code}\n```\nDone.", PYTHON).text == code
