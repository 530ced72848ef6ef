"""Changing settings in the user's YAML file: only their values; comments and all else stay.

The text is edited at the places that YAML's own nodes mark, then read again: where it does not say
exactly what was wanted, nothing is written.
"""

import copy
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml

from lsp_server.config_sources import parse_yaml
from lsp_server.errors import ConfigError

Settings = dict[tuple[str, str], str]


def change_file(path: Path, settings: Settings) -> None:
    """Set `(section, key)` to texts in a settings file, which is made where there is none.

    Raises ConfigError where it can't be done without touching more than that.
    """
    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""
        changed = changed_text(text, settings, str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path.resolve(), changed)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} could not be changed: {error}.", _by_hand(settings)) from error


def changed_text(text: str, settings: Settings, origin: str) -> str:
    """The text of a settings file with the settings in it. Raises ConfigError."""
    wanted: dict[str, Any] = copy.deepcopy(dict(parse_yaml(text, origin).values))
    changed = text
    for (section, key), value in reversed(settings.items()):  # a new key goes before the others
        below = wanted.get(section)
        wanted[section] = {**(below if isinstance(below, dict) else {}), key: value}
        changed = _with_setting(changed, section, key, _scalar(value))
    try:
        found = yaml.safe_load(changed)
    except yaml.YAMLError:
        found = None
    if found != wanted:
        raise ConfigError(
            f"{origin} is written in a way that can't be changed safely; it was left as it was.",
            _by_hand(settings),
        )
    return changed


def _by_hand(settings: Settings) -> str:
    lines = [f"{section}.{key}: {_scalar(value)}" for (section, key), value in settings.items()]
    return "Set there by hand: " + ", ".join(lines)


def _with_setting(text: str, section: str, key: str, scalar: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, yaml.SafeLoader)
    found = _entry(root, section)
    if found is None:
        gap = "" if not text or text.endswith("\n") else newline
        return f"{text}{gap}{section}:{newline}  {key}: {scalar}{newline}"
    name, below = found
    entry = _entry(below, key)
    if entry is not None:
        return _replaced(text, entry[0], entry[1], scalar)
    if isinstance(below, yaml.MappingNode) and below.flow_style:
        at = below.start_mark.index + 1
        return f"{text[:at]}{key}: {scalar}, {text[at:]}"
    indent = below.start_mark.column if isinstance(below, yaml.MappingNode) else 2
    at = text.find("\n", name.end_mark.index) + 1
    if not at:  # the section's key ends the file
        text, at = text + newline, len(text) + len(newline)
    return f"{text[:at]}{' ' * indent}{key}: {scalar}{newline}{text[at:]}"


def _entry(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The nodes of a key and its value in a mapping."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name, value
    return None


def _replaced(text: str, name: yaml.Node, value: yaml.Node, scalar: str) -> str:
    """The value's text replaced; an empty one stands right behind its key's colon."""
    start, end = value.start_mark.index, value.end_mark.index
    if start < name.end_mark.index:
        return text  # an alias of what stands elsewhere: left alone, and so refused
    gap = " " if start == end else ""
    return text[:start] + gap + scalar + text[end:]


def _scalar(value: str) -> str:
    """The text as it is where YAML reads it so, else in quotes."""
    plain = re.fullmatch(r"[\w./~-]([\w./:~-]*[\w./~-])?", value, re.ASCII)
    return value if plain and yaml.safe_load(value) == value else json.dumps(value)


def _write(path: Path, text: str) -> None:
    """All of it or nothing, with the old file's permissions."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
