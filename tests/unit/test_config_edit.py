"""Changing settings in YAML: only their values, or nothing."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.config_edit import change_file, changed_text
from lsp_server.errors import ConfigError

INFILL = ("models", "infill")
INSTRUCT = ("models", "instruct")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "models:\n  infill: new\n"),
        ("# mine\n", "# mine\nmodels:\n  infill: new\n"),
        ("log_level: debug", "log_level: debug\nmodels:\n  infill: new\n"),
        ("models:\n  infill: old\n", "models:\n  infill: new\n"),
        (
            "# top\nmodels:   # which\n  # fast\n  infill: 'old'  # by day\n  instruct: b\nx: 1\n",
            "# top\nmodels:   # which\n  # fast\n  infill: new  # by day\n  instruct: b\nx: 1\n",
        ),
        ("models:\n    instruct: b\n", "models:\n    infill: new\n    instruct: b\n"),
        ("models:\n", "models:\n  infill: new\n"),
        ("models:", "models:\n  infill: new\n"),
        ("models:  # none yet\nx: 1\n", "models:  # none yet\n  infill: new\nx: 1\n"),
        ("models:\n  infill:\n  instruct: b\n", "models:\n  infill: new\n  instruct: b\n"),
        ("models: {infill: old, instruct: b}\n", "models: {infill: new, instruct: b}\n"),
        ("models: {instruct: b}\n", "models: {infill: new, instruct: b}\n"),
        ("models:\r\n  infill: old\r\n", "models:\r\n  infill: new\r\n"),
        ("x: 1\r\n", "x: 1\r\nmodels:\r\n  infill: new\r\n"),
        ("﻿x: ü\nmodels:\n  infill: old\n", "﻿x: ü\nmodels:\n  infill: new\n"),
    ],
)
def test_one_setting(before, after):
    assert changed_text(before, {INFILL: "new"}, "mine.yaml") == after


@pytest.mark.parametrize(
    "before",
    [
        "models:\n  infill: >\n    old\n    and long\nx: 1\n",
        "a: &a {infill: old}\nmodels: *a\n",
        "a: &a old\nmodels:\n  infill: *a\n",
        "{}",
        "x: 1\n...\n",
    ],
)
def test_what_can_not_be_done_safely_is_refused(before):
    with pytest.raises(ConfigError, match="left as it was") as caught:
        changed_text(before, {INFILL: "new"}, "mine.yaml")
    assert "models.infill: new" in caught.value.hint


def test_two_settings():
    text = changed_text("x: 1\n", {INFILL: "a", INSTRUCT: "b"}, "mine.yaml")
    assert yaml.safe_load(text) == {"x": 1, "models": {"infill": "a", "instruct": "b"}}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("hf:owner/repo/file.gguf", "hf:owner/repo/file.gguf"),
        ("ollama:codellama:7b-code", "ollama:codellama:7b-code"),
        ("C:\\models\\a.gguf", '"C:\\\\models\\\\a.gguf"'),
        ("/a folder/a.gguf", '"/a folder/a.gguf"'),
        ("1.5", '"1.5"'),
        ("no", '"no"'),
        ("~", '"~"'),
    ],
)
def test_quotes_where_yaml_needs_them(value, written):
    assert changed_text("", {INFILL: value}, "") == f"models:\n  infill: {written}\n"


@given(
    st.dictionaries(
        st.sampled_from(["infill", "instruct", "other"]), st.text("ab :#'\"\n", max_size=8)
    ),
    st.text(max_size=20),
    st.booleans(),
)
def test_says_what_was_wanted_or_is_refused(models, value, flow):
    before = yaml.safe_dump({"a": 1, "models": models, "z": [2]}, default_flow_style=flow)
    try:
        after = changed_text(before, {INFILL: value}, "")
    except ConfigError:
        return
    assert yaml.safe_load(after) == {"a": 1, "models": {**models, "infill": value}, "z": [2]}


def test_file_is_made_and_changed_with_its_permissions(tmp_path):
    path = tmp_path / "new" / "config.yaml"
    change_file(path, {INFILL: "a"})
    assert path.read_text() == "models:\n  infill: a\n"
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    change_file(link, {INFILL: "b"})
    assert link.is_symlink()
    assert path.read_text() == "models:\n  infill: b\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in path.parent.iterdir()] == ["config.yaml"]


def test_broken_file_is_left_alone(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("models: [")
    with pytest.raises(ConfigError):
        change_file(path, {INFILL: "a"})
    assert path.read_text() == "models: ["


def test_folder_in_the_way(tmp_path):
    with pytest.raises(ConfigError, match="could not be changed"):
        change_file(tmp_path, {INFILL: "a"})
