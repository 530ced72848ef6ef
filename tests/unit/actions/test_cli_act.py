"""codellama-lsp explain, generate, fix in the terminal."""

from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner

from lsp_server.cli import act, engine_session
from lsp_server.engine.double import Answer, ScriptedEngine

WRONG = "import os\r\n\r\n\r\ndef half(a):\r\n    return a / 3\r\n"
FIXED = "```python\ndef half(a):\n    return a / 2\n```"


@pytest.fixture
def terminal(monkeypatch, tmp_path):
    """Runs a command on a file with the wrong code; gives the result and the file."""
    monkeypatch.setenv("CODELLAMA_LSP_ACTIONS", str(tmp_path / "actions"))
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(tmp_path / "no-config.yaml"))
    path = tmp_path / "a.py"
    path.write_bytes(WRONG.encode())

    def run(command, answers, *options):
        engine = ScriptedEngine(chats=[Answer(answer) for answer in answers])

        @asynccontextmanager
        async def engine_for(config):
            yield engine

        monkeypatch.setattr(engine_session, "engine_for", engine_for)
        result = CliRunner().invoke(command, [f"{path}:4-5", *options])
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


def test_a_page_in_place_of_an_edit_says_why(terminal):
    result, path, _ = terminal(act.fix, ["```python\ndef half(a:\n```"], "--apply")
    assert "Not applied" in result.stdout
    assert "syntax error" in result.stdout
    assert path.read_bytes() == WRONG.encode()


def test_generate_with_an_instruction(terminal):
    result, _, engine = terminal(act.generate, [FIXED], "--instruction", "Halve it.")
    assert result.exit_code == 0
    assert "Halve it." in engine.chat_requests[0].messages[-1].content


def test_the_users_own_explain_is_used(terminal, tmp_path):
    folder = tmp_path / "actions"
    folder.mkdir()
    front = "---\ntitle: Explain\nkind: explain\napplies: selection\nproduces: page\n---\n"
    (folder / "explain.md").write_text(front + "Like a pirate: {{ selection }}", encoding="utf-8")
    (folder / "broken.md").write_text("nothing", encoding="utf-8")
    result, _, engine = terminal(act.explain, ["Arr."])
    assert engine.chat_requests[0].messages[-1].content.startswith("Like a pirate:")
    assert "broken.md, line 1" in result.stderr
