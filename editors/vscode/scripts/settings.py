"""Writes the settings page of package.json from the schema in lsp_server/config.py.

    python editors/vscode/scripts/settings.py

tests/editors fails where package.json differs from what this writes.
"""

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from lsp_server.config import Config

PACKAGE = Path(__file__).parents[1] / "package.json"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
# What is the extension's own business and not the server's (src/settings.ts leaves them out too).
_OWN = {
    "codellama.serverPath": {
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
        "markdownDescription": (
            "The `codellama-lsp` command. Empty: that of a trusted workspace's Python environment, "
            "of the extension's own, or of PATH, the first that is there."
        ),
    },
    "codellama.confirmEdits": {
        "type": "boolean",
        "default": False,
        "scope": "machine",
        "markdownDescription": (
            "Show what Fix and Generate would change as a preview, to be ticked and applied, "
            "instead of changing it at once."
        ),
    },
}
# What the server has a setting for and the extension its own, by what it says it can do.
_REPLACED = ("codellama.actions.confirm_edits",)


def properties() -> dict[str, Any]:
    """Every setting, `codellama.section.name`. All are the user's own (scope machine): a workspace
    can't choose a model, a command or what leaves the machine."""
    settings = {f"codellama.{key}": value for key, value in _properties_of(Config, "")}
    return {**_OWN, **{key: value for key, value in settings.items() if key not in _REPLACED}}


def rendered(package: str) -> str:
    """The text of package.json with the settings of the schema."""
    content = json.loads(package)
    content["contributes"]["configuration"]["properties"] = properties()
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _properties_of(cls: type, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    defaults = cls()
    for field in attrs.fields(cls):
        if field.type and attrs.has(field.type):
            yield from _properties_of(field.type, f"{prefix}{field.name}.")
        elif not field.metadata.get("own"):  # which only the user's own file may set
            default = getattr(defaults, field.name)
            yield (
                prefix + field.name,
                {
                    **_schema(field.type),
                    "default": default,
                    "scope": "machine",
                    "markdownDescription": field.metadata["why"],
                },
            )


def _schema(annotation: Any) -> dict[str, Any]:
    """JSON Schema of a field's type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in (Union, types.UnionType):
        if all(part in _TYPES for part in arguments):
            return {"type": [_TYPES[part] for part in arguments]}
        return {"anyOf": [_schema(part) for part in arguments]}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict or annotation is dict:
        return {"type": "object"}
    return {"type": _TYPES[annotation]}


if __name__ == "__main__":
    PACKAGE.write_text(rendered(PACKAGE.read_text(encoding="utf-8")), encoding="utf-8")
