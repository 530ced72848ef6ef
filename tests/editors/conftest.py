"""The editors under test. Those that are not installed are skipped, and told how to get them."""

from pathlib import Path

import pytest

from tests.editors.install import wanted

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("editors")


@pytest.fixture(scope="module", params=["neovim-0.11", "neovim-0.12"])
def nvim_binary(request) -> Path:
    folder, why_not = wanted(request.param)
    if folder is None:
        pytest.skip(f"{request.param}: {why_not}")
    return folder / "nvim"
