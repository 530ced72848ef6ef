"""Reading settings: the user's YAML file, then what the editor sends, merged key by key.

Every error names the key, where it was set, and in a file the line.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
import yaml

from lsp_server.config import Config
from lsp_server.errors import ConfigError

KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Settings from one place. `lines` has the line number of each key, in a file; `own` is
    whether the place is the user's own, and no workspace can have a hand in it."""

    origin: str
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    own: bool = False

    def error(self, path: KeyPath, what: str, hint: str = "") -> ConfigError:
        line = self.lines.get(path)
        where = f"{self.origin}, line {line}" if line else self.origin
        return ConfigError(f"{where}: {'.'.join(path) or 'the settings'}: {what}", hint)


def user_config_path() -> Path:
    """The user's settings file: $CODELLAMA_LSP_CONFIG, else in the user's configuration folder."""
    from platformdirs import user_config_path as platform_config_path

    named = os.environ.get("CODELLAMA_LSP_CONFIG")
    return (
        Path(named)
        if named
        else platform_config_path("codellama-lsp", appauthor=False) / "config.yaml"
    )


def read_file(path: Path) -> Source:
    """The settings of a YAML file; none where there is no file. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Source(str(path), {})
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} could not be read: {error}.") from error
    return replace(parse_yaml(text, str(path)), own=True)


def parse_yaml(text: str, origin: str) -> Source:
    """The settings of a YAML text. Raises ConfigError with the line of the mistake."""
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{origin}, line {mark.line + 1}" if mark else origin
        problem = getattr(error, "problem", None) or "it is not valid YAML"
        raise ConfigError(f"{where}: {problem}.") from error
    if values is None:
        return Source(origin, {})
    source = Source(origin, values, dict(_lines(node, ())) if node else {})
    if not isinstance(values, dict):
        raise source.error((), "expected keys with values.")
    return source


def _lines(node: yaml.Node, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)


def merge(*sources: Source) -> Config:
    """The settings in force: defaults, overlaid by each source in turn. Raises ConfigError."""
    values: dict[KeyPath, Any] = {}
    for source in sources:
        values.update(_checked(source))
    config: Config = _build(Config, values, ())
    return config


def provenance(*sources: Source) -> dict[KeyPath, str]:
    """Where each setting that isn't a default was set."""
    return {path: source.origin for source in sources for path in _checked(source)}


def _checked(source: Source) -> dict[KeyPath, Any]:
    return dict(_check_section(Config, source, source.values, ()))


def _check_section(
    cls: type, source: Source, values: Any, path: KeyPath
) -> Iterator[tuple[KeyPath, Any]]:
    if values is None and path:
        return
    if not isinstance(values, Mapping):
        raise source.error(path, f"expected keys with values, not {values!r}.")
    known = {attribute.name: attribute for attribute in attrs.fields(cls)}
    for key, value in values.items():
        below = (*path, str(key))
        attribute = known.get(str(key))
        if attribute is None:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(known)}."
            raise source.error(below, "there is no such setting.", hint)
        if attrs.has(attribute.type):
            yield from _check_section(attribute.type, source, value, below)
        elif attribute.metadata.get("own") and not source.own and value != attribute.default:
            raise source.error(
                below,
                "only your own settings file may set this, not an editor.",
                "`codellama-lsp config show` names the file.",
            )
        else:
            yield below, _check_value(attribute, source, value, below)


def _check_value(
    attribute: "attrs.Attribute[Any]", source: Source, value: Any, path: KeyPath
) -> Any:
    wanted = attribute.type
    if wanted is float and type(value) is int:
        value = float(value)
    if not _has_type(value, wanted):
        raise source.error(path, f"{value!r} is not {_type_in_words(wanted)}.")
    if attribute.validator is not None:
        try:
            attribute.validator(None, attribute, value)
        except ValueError as error:
            raise source.error(path, f"{value!r} won't do: {error.args[0]}.") from error
    return value


def _has_type(value: Any, wanted: Any) -> bool:
    if get_origin(wanted) in (Union, UnionType):
        return any(_has_type(value, one) for one in get_args(wanted))
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    if get_origin(wanted) is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is wanted


def _type_in_words(wanted: Any) -> str:
    if get_origin(wanted) in (Union, UnionType):
        return " or ".join(_type_in_words(one) for one in get_args(wanted))
    if get_origin(wanted) is Literal:
        several = len(get_args(wanted)) > 1
        return ("one of " if several else "") + ", ".join(get_args(wanted))
    if get_origin(wanted) is list:
        return "a list of texts"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[wanted]


def _build(cls: type, values: Mapping[KeyPath, Any], path: KeyPath) -> Any:
    arguments: dict[str, Any] = {}
    for attribute in attrs.fields(cls):
        below = (*path, attribute.name)
        if attrs.has(attribute.type):
            arguments[attribute.name] = _build(attribute.type, values, below)
        elif below in values:
            arguments[attribute.name] = values[below]
    return cls(**arguments)
