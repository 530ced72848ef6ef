"""Settings: the schema, its files, and errors that name key, file and line."""

from pathlib import Path

import pytest

from lsp_server.config import Config
from lsp_server.config_example import render_config, render_example
from lsp_server.config_sources import Source, merge, parse_yaml, provenance, read_file
from lsp_server.errors import ConfigError

ROOT = Path(__file__).parents[2]


def test_the_example_file_is_the_schema():
    shown = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    assert shown == render_example(), (
        "run: python -m lsp_server.config_example > config.example.yaml"
    )


def test_the_example_file_holds_the_defaults():
    assert merge(parse_yaml(render_example(), "example")) == Config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engine:\n  n_ctxx: 1\n", "f.yaml, line 2: engine.n_ctxx: there is no such setting. Did you mean n_ctx?"),  # noqa: E501
        ("engine:\n  n_ctx: 1\n", "f.yaml, line 2: engine.n_ctx: 1 won't do"),
        ("engine:\n  n_ctx: 1.5\n", "f.yaml, line 2: engine.n_ctx: 1.5 is not a whole number"),
        ("completion:\n  enabled: 1\n", "f.yaml, line 2: completion.enabled: 1 is not true or false"),  # noqa: E501
        ("completion:\n  items: maybe\n", "'maybe' is not one of auto, on, off"),
        ("completion:\n  languages_off: python\n", "is not a list of texts"),
        ("sampling:\n  temperature: 9\n", "sampling.temperature: 9.0 won't do"),
        ("models: codellama\n", "f.yaml, line 1: models: expected keys with values"),
        ("- a\n", "f.yaml: the settings: expected keys with values"),
        ("a: [1\n", "f.yaml, line 2: "),
    ],
)  # fmt: skip
def test_errors_name_key_file_and_line(text, message):
    with pytest.raises(ConfigError) as error:
        merge(parse_yaml(text, "f.yaml"))
    assert message in str(error.value)


def test_later_sources_win_key_by_key():
    user = parse_yaml("sampling: {top_k: 5, top_p: 0.5}\nlog_level: info\n", "user")
    editor = Source("editor", {"sampling": {"top_k": 7}})
    config = merge(user, editor)
    assert (config.sampling.top_k, config.sampling.top_p, config.log_level) == (7, 0.5, "info")
    assert provenance(user, editor)["sampling", "top_k"] == "editor"
    assert "top_k: 7  # editor" in render_config(config, provenance(user, editor))


def test_a_whole_number_is_a_number_too():
    assert merge(Source("editor", {"sampling": {"temperature": 1}})).sampling.temperature == 1.0


@pytest.mark.parametrize("text", ["", "# nothing\n", "engine:\n"])
def test_empty_settings_are_the_defaults(text):
    assert merge(parse_yaml(text, "f")) == Config()


def test_no_file_is_no_settings(tmp_path):
    assert merge(read_file(tmp_path / "none.yaml")) == Config()


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="could not be read"):
        read_file(path)
