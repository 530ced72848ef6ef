"""What is said of Code Llama and GPUs, beside the plan."""

import re
from pathlib import Path

import pytest

from lsp_server.config import EngineSettings, Models
from lsp_server.models.catalogue import catalogue
from lsp_server.models.fit import reckoned
from lsp_server.models.hardware import Device
from lsp_server.models.memory import ContextSize
from lsp_server.models.plan import place_layers, plan_layers

ROOT = Path(__file__).parents[3]
SOLD = (6, 8, 10, 12, 16, 24)  # gigabytes; a driver keeps some for itself
COLUMNS = (
    EngineSettings(),
    EngineSettings(kv_cache="q8_0"),
    EngineSettings(n_ctx=2048),
)


def gpu(gigabytes):
    free = int(gigabytes * 2**30 * 0.96)
    return [Device("GPU0", "", "gpu", free, gigabytes * 2**30)]


def takes(name, settings):
    """Gigabytes of a model all on a GPU, and the smallest GPU that it fits."""
    metadata = reckoned(catalogue().find(name))
    size = ContextSize.of(settings, metadata)
    need = place_layers(metadata, gpu(1000), -1, size).devices[0].total
    fits = (one for one in SOLD if plan_layers(metadata, gpu(one), size).all_on_gpu)
    return f"{need / 1e9:.1f}", str(next(fits))


@pytest.mark.parametrize(("name", "title"), [("codellama-7b", "7B"), ("codellama-13b", "13B")])
def test_documented_sizes_are_the_planned_ones(name, title):
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| Code Llama {title} |"))
    assert re.findall(r"([\d.]+) GB: (?:a GPU )?with (\d+) GB", row) == [
        takes(name, settings) for settings in COLUMNS
    ]


@pytest.mark.parametrize("name", ["codellama-7b", "codellama-13b"])
def test_what_the_readme_and_the_settings_advise(name):
    (_, usual), (_, quantised) = (takes(name, settings) for settings in COLUMNS[:2])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}`"))
    assert row.endswith(f"a GPU with {usual} GB, or with {quantised} GB at `kv_cache: q8_0` |")
    advice = " ".join(Models.__attrs_attrs__[0].metadata["why"].split())
    assert f"with {usual} GB: {name}" in advice
