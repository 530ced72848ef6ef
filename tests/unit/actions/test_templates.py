"""Action files: what is read, and what is refused with file and line."""

from pathlib import Path

import pytest

from lsp_server.actions.templates import Variables, load_template, load_templates
from lsp_server.errors import PromptFileError

FRONT = (
    "---\ntitle: Ask\nkind: refactor.rewrite\napplies: [selection, comment]\nproduces: edit\n---\n"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "ask.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_actions():
    templates = load_templates()
    assert {name: template.produces for name, template in templates.items()} == {
        "document": "edit",
        "explain": "page",
        "fix": "edit",
        "generate": "insertion",
        "simplify": "edit",
        "tests": "page",
        "translate": "edit",
    }
    for template in templates.values():
        assert load_template(template.path).names == template.names
        message = template.render(
            Variables("python", "a.py", "x = 1", "import a", "Error: b", "Do c.")
        )
        assert "```python\nx = 1\n```" in message
        assert "Do c." in message


def test_a_file(tmp_path):
    template = load_template(
        written(tmp_path, FRONT + "Do {{ instruction }} in {{ file_name }}.\n")
    )
    assert (template.name, template.title, template.kind) == ("ask", "Ask", "refactor.rewrite")
    assert template.applies == {"selection", "comment"}
    assert template.edits
    assert template.max_tokens is None
    assert template.names == {"instruction", "file_name"}
    assert template.render(Variables("c", "a.c", "", instruction="it")) == "Do it in a.c."


def test_every_key(tmp_path):
    more = (
        "languages: [python, ruby]\nchanges: comments\ncontext: outline\nmax_tokens: 9\n"
        "temperature: 0.5\n"
    )
    text = FRONT.replace("edit\n", f"edit\n{more}") + "{{ context }}{{ answer_language }}"
    template = load_template(written(tmp_path, text))
    assert template.languages == {"python", "ruby"}
    assert (template.changes, template.context) == ("comments", "outline")
    assert (template.max_tokens, template.temperature) == (9, 0.5)


@pytest.mark.parametrize(
    "text", ["{{ file_name }}", "{% if x %}", "<|im_end|>", "a\\n\n  {#b#}", "&<>"]
)
def test_what_is_inserted_is_never_interpreted(tmp_path, text):
    template = load_template(written(tmp_path, FRONT + "[{{ selection }}]"))
    assert template.render(Variables("c", "a.c", text)) == f"[{text}]"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Hello", "line 1: the file must begin with a front matter"),
        ("---\ntitle: [\n---\n", "line 3: did not find expected node content"),
        ("---\n- a\n---\n", "line 2: the front matter must be keys and values"),
        (FRONT.replace("produces: edit\n", ""), "line 1: the front matter has no produces"),
        (
            FRONT.replace("---\ntitle", "---\ntemper: 1\ntitle"),
            "line 2: unknown key 'temper'",
        ),
        (FRONT.replace("title: Ask", "title: ''"), "line 2: title must be a text"),
        (FRONT.replace("kind: refactor.rewrite", "kind: quick fix"), "line 3: kind must be"),
        (
            FRONT.replace("selection, comment", "selection, file"),
            "line 4: applies must be one or more",
        ),
        (FRONT.replace("[selection, comment]", "[]"), "line 4: applies must be one or more"),
        (FRONT.replace("edit", "edits"), "line 5: produces must be one of page, edit, insertion"),
        (
            FRONT.replace("edit\n", "edit\nmax_tokens: 0\n"),
            "line 6: max_tokens must be a whole number",
        ),
        (FRONT.replace("edit\n", "edit\nmax_tokens: yes\n"), "line 6: max_tokens must be a whole"),
        (FRONT.replace("edit\n", "edit\ntitle: Again\n"), "line 6: title is there twice"),
        (FRONT.replace("edit\n", "edit\ntemperature: 3\n"), "line 6: temperature must be a number"),
        (FRONT.replace("edit\n", "edit\nlanguages: []\n"), "line 6: languages must be one or more"),
        (FRONT.replace("edit\n", "edit\nchanges: all\n"), "line 6: changes must be one of code"),
        (FRONT.replace("edit\n", "edit\ncontext: file\n"), "line 6: context must be one of none"),
        (FRONT + "{{ context }}\n", "line 1: the text names context. Add `context: outline`"),
        (FRONT + "One\n{{ selektion }}\n", "line 8: unknown variable 'selektion'"),
        (FRONT + "One\n\n{% if selection %}\n", "line 9: "),
        (FRONT + "{{ selection | shout }}\n", "line 7: No filter named 'shout'"),
        (FRONT + "{{ selection.lines }}\n", "can't be rendered"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, text, problem):
    path = written(tmp_path, text)
    with pytest.raises(PromptFileError) as error:
        load_template(path)
    assert problem in str(error.value)
    assert "ask.md" in str(error.value)


def test_a_missing_file_and_one_that_is_no_text(tmp_path):
    with pytest.raises(PromptFileError, match="can't be read"):
        load_template(tmp_path / "ask.md")
    (tmp_path / "ask.md").write_bytes(b"---\n\xff\n---\n")
    with pytest.raises(PromptFileError, match="can't be read"):
        load_template(tmp_path / "ask.md")


def test_a_template_reaches_nothing_but_its_variables(tmp_path):
    text = FRONT + "{{ selection.__class__.__mro__ }}"
    with pytest.raises(PromptFileError, match="can't be rendered"):
        load_template(written(tmp_path, text))
