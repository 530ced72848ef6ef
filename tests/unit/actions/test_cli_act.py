"""codellama-lsp explain, generate, fix and act in the terminal."""

from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner

from lsp_server.cli import act, engine_session
from lsp_server.engine.double import Answer, ScriptedEngine
from lsp_server.errors import AnswerError

WRONG = "import os\r\n\r\n\r\ndef half(a):\r\n    return a / 3\r\n"
FIXED = "```python\ndef half(a):\n    return a / 2\n```"


@pytest.fixture
def terminal(monkeypatch, tmp_path):
    """Runs a command on a file with the wrong code; gives the result and the file."""
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(tmp_path / "actions"))
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(tmp_path / "no-config.yaml"))
    path = tmp_path / "a.py"
    path.write_bytes(WRONG.encode())

    def run(command, answers, *options, name=()):
        engine = ScriptedEngine(chats=[Answer(answer) for answer in answers])

        @asynccontextmanager
        async def engine_for(config):
            yield engine

        monkeypatch.setattr(engine_session, "engine_for", engine_for)
        result = CliRunner().invoke(command, [*name, f"{path}:4-5", *options])
        return result, path, engine

    return run


def test_fix_prints_a_diff_and_changes_nothing(terminal):
    result, path, _ = terminal(act.fix, [FIXED])
    assert result.exit_code == 0, result.output
    assert "-    return a / 3\r\n+    return a / 2\r\n" in result.stdout_bytes.decode()
    assert path.read_bytes() == WRONG.encode()


def test_the_diff_can_be_applied(terminal, tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = '\xe2\x80\xa8'\n\n\ndef half(a):\n    return a / 3")
    result, path, _ = terminal(act.fix, [FIXED])
    diff = result.stdout_bytes.decode()
    assert diff.endswith(
        "-    return a / 3\n\\ No newline at end of file\n"
        "+    return a / 2\n\\ No newline at end of file\n"
    )
    assert f"--- a/{str(path).lstrip('/')}\n" in diff


def test_fix_applies(terminal):
    result, path, _ = terminal(act.fix, [FIXED], "--apply")
    assert result.stdout == ""
    assert path.read_bytes() == WRONG.replace("/ 3", "/ 2").encode()


def test_fix_tells_the_model_what_is_wrong(terminal):
    _, _, engine = terminal(act.fix, [FIXED], "--message", "half(4) is 1.33")
    assert "half(4) is 1.33" in engine.chat_requests[0].messages[-1].content


def test_a_further_try_is_told_on_standard_error(terminal):
    result, _, engine = terminal(act.fix, ["", FIXED])
    assert "empty. Trying again." in result.stderr
    assert "+    return a / 2" in result.stdout
    assert len(engine.chat_requests) == 2


def test_explain_streams_the_answer(terminal):
    result, _, _ = terminal(act.explain, ["It divides by three."])
    assert result.stdout == "It divides by three.\n"


def test_an_answer_that_is_no_edit_says_why_and_fails(terminal):
    result, path, _ = terminal(act.fix, ["```python\ndef half(a:\n```"], "--apply")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Not applied" in result.stderr
    assert "syntax error" in result.stderr
    assert path.read_bytes() == WRONG.encode()


def test_what_was_left_out_is_told_on_standard_error(terminal, monkeypatch, tmp_path):
    (tmp_path / "no-config.yaml").write_text("actions: {max_tokens: 3}\n", encoding="utf-8")
    result, _, _ = terminal(act.explain, ["It divides all by three."])
    assert result.stdout == "It divides all\n"
    assert "cut at 3 tokens" in result.stderr


def test_generate_with_an_instruction(terminal):
    result, _, engine = terminal(act.generate, [FIXED], "--instruction", "Halve it.")
    assert result.exit_code == 0
    assert "Halve it." in engine.chat_requests[0].messages[-1].content


@pytest.fixture
def own(tmp_path):
    """Writes an action of the user's own."""

    def write(name, text, produces="page", more=""):
        front = (
            f"---\ntitle: Mine\nkind: mine\napplies: selection\nproduces: {produces}\n{more}---\n"
        )
        (tmp_path / "actions").mkdir(exist_ok=True)
        (tmp_path / "actions" / name).write_text(front + text, encoding="utf-8")

    return write


def test_the_users_own_explain_is_used(terminal, own, tmp_path):
    own("explain.md", "Like a pirate: {{ selection }}")
    (tmp_path / "actions" / "broken.md").write_text("nothing", encoding="utf-8")
    result, _, engine = terminal(act.explain, ["Arr."])
    assert engine.chat_requests[0].messages[-1].content.startswith("Like a pirate:")
    assert "broken.md, line 1" in result.stderr


@pytest.mark.parametrize("apply", [False, True])
def test_any_action_of_ones_own(terminal, own, apply):
    own("halve.md", "Halve {{ selection }} {{ diagnostics }} {{ instruction }}", "edit")
    options = ("--apply",) if apply else ()
    options += ("--message", "a third", "--instruction", "Now.")
    result, path, engine = terminal(act.act, [FIXED], *options, name=["halve"])
    assert result.exit_code == 0, result.output
    assert ("+    return a / 2" in result.stdout) is not apply
    assert (path.read_bytes() == WRONG.encode()) is not apply
    asked = engine.chat_requests[0].messages[-1].content
    assert "a third" in asked
    assert asked.endswith("Now.")


@pytest.mark.parametrize(
    ("name", "said"),
    [("explode", "There is no action 'explode', but document, explain"), ("rusty", "is for rust")],
)
def test_an_action_that_is_not_to_be_had(terminal, own, name, said):
    own("rusty.md", "Rust {{ selection }}", more="languages: rust\n")
    result, _, engine = terminal(act.act, [FIXED], name=[name])
    assert result.exit_code == 2
    assert said in result.stderr
    assert engine.chat_requests == []


def test_the_list_has_the_shipped_actions_and_ones_own(terminal, own):
    own("halve.md", "{{ selection }}", "edit")
    result, _, engine = terminal(act.act, [], "--list")
    assert result.exit_code == 0
    lines = [line.split(None, 2) for line in result.stdout.splitlines()]
    assert ["fix", "edit", "Fix"] in lines
    assert ["halve", "edit", "Mine"] in lines
    assert engine.chat_requests == []


@pytest.mark.parametrize("allowed", [True, False])
def test_a_projects_actions_need_permission(terminal, own, tmp_path, allowed):
    own("halve.md", "{{ selection }}", "edit")
    (tmp_path / ".codellama").mkdir()
    (tmp_path / "actions").rename(tmp_path / ".codellama" / "actions")
    folders = f"[{tmp_path}]" if allowed else "[]"
    (tmp_path / "no-config.yaml").write_text(f"actions: {{allowed_folders: {folders}}}\n")
    result, _, _ = terminal(act.act, [FIXED], name=["halve"])
    assert (result.exit_code == 0) is allowed


@pytest.mark.parametrize(("tag", "said"), [("de_DE", True), ("en_GB", False), (None, False)])
def test_explanations_are_in_the_terminals_language(terminal, monkeypatch, tag, said):
    monkeypatch.setattr(act.locale, "getlocale", lambda: (tag, "UTF-8"))
    _, _, engine = terminal(act.explain, ["Es teilt."])
    assert ("Answer in German." in engine.chat_requests[0].messages[0].content) is said


def test_a_file_that_no_model_is_shown(terminal, tmp_path):
    (tmp_path / "no-config.yaml").write_text("files: {exclude: [a.py]}\n")
    result, _, engine = terminal(act.explain, ["Secret."])
    assert isinstance(result.exception, AnswerError)
    assert "no model is shown" in result.exception.message
    assert engine.chat_requests == []
