"""The settings in force and where each was set, without anything secret."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from lsp_server.config import Config
from lsp_server.doctor.report import Finding, Section
from lsp_server.errors import ConfigError

_SECRET = re.compile(r"token|key$|_key|secret|password|passwd|credential", re.IGNORECASE)
_NOT_SECRET = ("max_tokens", "context_tokens")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST = 60


def settings_section(
    path: Path, config: Config, origins: Mapping[tuple[str, ...], str], error: ConfigError | None
) -> Section:
    """`origins` as `config_sources.provenance` gives them; `error` is why the file is not in
    force."""
    there = "" if path.exists() else " (there is none: all defaults)"
    findings = [Finding("file", f"{path}{there}")]
    if error is not None:
        findings.append(Finding("wrong", error.message, "wrong", error.hint))
    values = dict(_values(config, ()))
    for key in origins:
        findings.append(Finding(".".join(key), f"{_shown(key, values[key])}  ({origins[key]})"))
    if not error:
        findings.append(
            Finding("the others", "have their defaults; `codellama-lsp config show` prints them")
        )
    data = {
        ".".join(key): {"value": _shown(key, value), "from": origins.get(key, "default")}
        for key, value in values.items()
    }
    return Section("settings", "Settings", tuple(findings), {"settings": data, "file": str(path)})


def _values(section: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for field in attrs.fields(type(section)):
        below, value = (*path, field.name), getattr(section, field.name)
        found += _values(value, below) if attrs.has(type(value)) else [(below, value)]
    return found


def _shown(key: tuple[str, ...], value: Any) -> str:
    if _SECRET.search(key[-1]) and key[-1] not in _NOT_SECRET:
        return "set, not shown" if value else "not set"
    text = _USERINFO.sub("", str(value)).replace("\n", " ")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
