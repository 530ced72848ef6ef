"""Renders one chat template: JSON on standard input, JSON on standard output, then ends.

Run as a script by `template.py`, which says why. It imports nothing of lsp_server, to start fast.
"""

import json
import sys
from datetime import datetime
from typing import Any


def main() -> None:
    request = json.load(sys.stdin)
    limit_resources(request["seconds"], request["memory"])
    try:
        answer = {"text": render(request["template"], request["variables"], request["size"])}
    except Exception as error:
        answer = {"error": str(error) or type(error).__name__}
    json.dump(answer, sys.stdout)


def limit_resources(seconds: int, memory: int) -> None:
    """Processor time and bytes, where the system has such limits; the parent watches as well."""
    if sys.platform == "win32":
        return
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (ImportError, ValueError, OSError):
        pass


def render(template: str, variables: dict[str, Any], size: int) -> str:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals |= {"raise_exception": raise_exception, "strftime_now": strftime_now}
    text = ""
    for chunk in environment.from_string(template).generate(variables):
        text += chunk
        if len(text) > size:
            raise ValueError(f"it wrote more than {size} characters")
    return text


def raise_exception(message: str) -> None:
    from jinja2 import TemplateRuntimeError

    raise TemplateRuntimeError(message)


def strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


if __name__ == "__main__":
    main()
