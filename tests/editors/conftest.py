"""The editors under test. Those that are not installed are skipped, and told how to get them."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.editors.install import wanted
from tests.editors.neovim import Neovim

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


@pytest.fixture(scope="module")
def nvim_0_12() -> Path:
    folder, why_not = wanted("neovim-0.12")
    if folder is None:
        pytest.skip(f"neovim-0.12: {why_not}")
    return folder / "nvim"


@pytest.fixture(scope="module")
def running(request, nvim_binary, tmp_path_factory):
    """Neovim with the init.lua that the test module has as INIT."""
    folder = tmp_path_factory.mktemp("nvim")
    with closing(Neovim(nvim_binary, folder, request.module.INIT)) as nvim:
        yield nvim


@pytest.fixture
def played(running):
    """A new file in it; the server is the test's, as at first."""
    running.open_for_server()
    running.lua("server.reset()")
    return running
