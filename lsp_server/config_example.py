"""config.example.yaml and `config show`, made from the schema.

`python -m lsp_server.config_example > config.example.yaml` renews the file; a test fails where it
differs.
"""

import textwrap
from collections.abc import Mapping

import attrs
import yaml

from lsp_server.config import Config

_HEAD = """\
# Every setting of codellama-lsp with its default. Copy what you change to
# ~/.config/codellama-lsp/config.yaml (`codellama-lsp config show` names the place on your system);
# editors send the same keys as initializationOptions.
"""


def render_example() -> str:
    """Every setting with its default and its why, as a commented YAML file."""
    blocks = [_HEAD]
    for section in attrs.fields(Config):
        if section.type and attrs.has(section.type):
            fields = attrs.fields(section.type)
            default = section.type()
            lines = [_comment(section.metadata["why"], ""), f"{section.name}:"]
            for field in fields:
                lines.append(_comment(field.metadata["why"], "  "))
                lines.append(_entry(field.name, getattr(default, field.name), "  "))
            blocks.append("\n".join(lines) + "\n")
        else:
            entry = _entry(section.name, getattr(Config(), section.name), "")
            blocks.append(f"{_comment(section.metadata['why'], '')}\n{entry}\n")
    return "\n".join(blocks)


def render_config(config: Config, origins: Mapping[tuple[str, ...], str]) -> str:
    """The settings in force as YAML, each that isn't a default with where it was set."""
    lines: list[str] = []
    for section in attrs.fields(Config):
        value = getattr(config, section.name)
        if section.type and attrs.has(section.type):
            lines.append(f"{section.name}:")
            for field in attrs.fields(section.type):
                origin = origins.get((section.name, field.name))
                lines.append(_entry(field.name, getattr(value, field.name), "  ") + _note(origin))
        else:
            lines.append(_entry(section.name, value, "") + _note(origins.get((section.name,))))
    return "\n".join(lines) + "\n"


def _note(origin: str | None) -> str:
    return f"  # {origin}" if origin else ""


def _entry(name: str, value: object, indent: str) -> str:
    flow = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return f"{indent}{name}: {flow.removesuffix('...' + chr(10)).strip()}"


def _comment(why: str, indent: str) -> str:
    return textwrap.fill(why, 96, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


if __name__ == "__main__":
    print(render_example(), end="")
