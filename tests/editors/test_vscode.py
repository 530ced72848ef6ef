"""The extension in a real VS Code (code-server), used through a browser as a person uses it; the
server and the shared engine are real, what the model says is scripted."""

import json
from contextlib import closing

import pytest

import lsp_server
from tests.editors.debian import CannotInstall
from tests.editors.install import wanted
from tests.editors.vscode import EXTENSION, Place, built, code_server, play, without_error

SOURCE = "def answer():\n    return 4\n\n\ndef largest(values):\n    "
BROKEN = '{ "a": 1 "b": 2 }\n'
FIXED = '```json\n{ "a": 1, "b": 2 }\n```'


def test_the_settings_page_is_the_schemas(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSION / "scripts"))
    import settings

    package = (EXTENSION / "package.json").read_text(encoding="utf-8")
    assert settings.rendered(package) == package, "run python editors/vscode/scripts/settings.py"


def test_the_extension_has_the_servers_version():
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == lsp_server.__version__
    assert f"## [{package['version']}]" in (EXTENSION / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def vscode():
    """The editor's folder."""
    folder, why_not = wanted("vscode")
    if folder is None:
        pytest.skip(f"vscode: {why_not}")
    return folder


@pytest.fixture(scope="module")
def vsix():
    try:
        return built()
    except CannotInstall as error:
        pytest.skip(f"vscode: {error}")


@pytest.fixture(scope="module")
def seen(vscode, vsix, tmp_path_factory):
    """What someone saw who works with it, step by step (vscode_use.js)."""
    folder = tmp_path_factory.mktemp("vscode")
    gate = folder / "gate"
    script = {
        "infills": [{"text": "eturn max(values)", "others": ["eturn values[0]"]}],
        "chats": [
            {"text": "It answers ", "awaits": str(gate), "rest": "**forty-two**."},
            "```python\ndef answer():\n    return 42\n```",
            FIXED,
        ],
    }
    with closing(Place(folder, vscode, script)) as place:
        for name, text in {
            "file.py": SOURCE,
            "words.py": "def f(values):\n    ",
            "copied.py": "copied = 1\n",
            "several.py": "def f(values):\n    r",
            "killed.py": "def f(values):\n    ",
            "broken.json": BROKEN,
            "also-broken.json": BROKEN,
        }.items():
            (place.project / name).write_text(text)
        place.set(serverPath=str(place.server))
        with code_server(place, vsix) as url:
            yield play(place, "vscode_use.js", f"{url}?folder={place.project}", gate=str(gate))


def test_typing_brings_ghost_text(seen):
    assert without_error(seen["ghostText"])["lines"][5] == "    return max(values)"


def test_tab_accepts_it(seen):
    assert without_error(seen["accepted"])["lines"][5] == "    return max(values)"


def test_a_word_is_accepted(seen):
    assert without_error(seen["byWord"])["lines"][1] == "    return"


def test_copying_and_pasting_are_as_ever(seen):
    without_error(seen["copied"])


def test_next_and_previous_go_through_several(seen):
    without_error(seen["several"])


def test_explain_opens_a_preview_that_grows(seen):
    explain = without_error(seen["explain"])
    assert "forty-two" not in explain["first"]
    assert "It answers forty-two." in explain["text"]


def test_generate_asks_for_an_instruction_and_writes(seen):
    assert without_error(seen["generate"])["lines"][:2] == ["def answer():", "    return 42"]


def test_the_light_bulb_fixes_a_diagnostic(seen):
    assert without_error(seen["fix"])["lines"][0] == '{ "a": 1, "b": 2 }'


def test_an_edit_is_shown_before_it_is_made_where_the_setting_says_so(seen):
    confirmed = without_error(seen["confirmed"])
    assert '{ "a": 1 "b": 2 }' in confirmed["before"]
    assert '{ "a": 1, "b": 2 }' in confirmed["lines"]


def test_the_menu_switches_suggestions_and_the_status_bar_says_so(seen):
    entries = " ".join(without_error(seen["menu"])["entries"])
    for entry in ("Snooze", "Choose the model", "Restart the engine", "Open the log", "Doctor"):
        assert entry in entries


def test_a_language_is_switched_off_and_a_changed_setting_applies_live(seen):
    assert without_error(seen["language"])["set"] == ["python"]


def test_suggestions_can_be_snoozed(seen):
    assert any("minutes" in entry for entry in without_error(seen["snooze"])["entries"])


def test_the_log_is_opened_from_the_menu(seen):
    assert "Code Llama" in without_error(seen["openLog"])["selected"]


def test_a_licence_is_shown_and_nothing_is_downloaded_unless_it_is_accepted(seen):
    licence = without_error(seen["licence"])
    assert "It is under Llama 2 Community License: https://" in licence["text"]
    assert licence["before"] == "models pull qwen2.5-coder-1.5b\n"
    assert licence["after"].splitlines()[1:] == ["models pull codellama-7b --accept-licence"]


def test_a_model_of_the_catalogue_is_downloaded_and_chosen(seen):
    chosen = without_error(seen["chooseModel"])
    assert chosen["chosen"] == chosen["instruct"] == "qwen2.5-coder-1.5b"


def test_the_status_bar_tells_the_truth_while_the_engine_is_killed_and_comes_back(seen):
    without_error(seen["killed"])


def test_the_engine_is_restarted_from_the_menu(seen):
    restarted = without_error(seen["restarted"])
    assert restarted["before"] != restarted["after"]


def test_the_status_bar_says_why_there_is_no_model(seen):
    without_error(seen["failed"])


def test_the_doctor_opens_a_page(seen):
    assert lsp_server.__version__ in without_error(seen["doctor"])["text"]
