"""Results as a table for people and as JSON for programs, with the machine that gave them."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lsp_server.models.store import locate

RESULTS = Path(__file__).parent / "results"


def machine(model: str | Path) -> dict[str, Any]:
    """What the figures depend on besides the code; a Path is taken as it is."""
    path = model if isinstance(model, Path) else locate(model)
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "llama-cpp-python": version("llama-cpp-python"),
        "model": path.name,
        "model_bytes": path.stat().st_size,
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def as_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows with the same keys as columns: texts to the left, numbers to the right."""
    cells = [[str(key) for key in rows[0]]] + [[_cell(v) for v in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    is_text = [isinstance(value, str) for value in rows[0].values()]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, is_text, strict=True)
        ).rstrip()
        for line in cells
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
