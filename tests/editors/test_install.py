"""What is said where a machine can't have an editor; nothing is fetched here."""

import pytest

from tests.editors import debian, install
from tests.editors.debian import CannotInstall

FROM_DEBIAN = ["neovim-0.12", "emacs-28", "emacs-30", "helix"]


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """Without editors, apt-get and npm."""
    monkeypatch.setattr(install, "CACHE", tmp_path)
    monkeypatch.setattr(debian.shutil, "which", lambda name: None)
    install.wanted.cache_clear()
    yield tmp_path
    install.wanted.cache_clear()


@pytest.mark.parametrize("name", FROM_DEBIAN)
def test_the_reason_is_told(bare_machine, monkeypatch, name):
    monkeypatch.setenv("CODELLAMA_TEST_INSTALL", "1")
    folder, why_not = install.wanted(name)
    assert folder is None
    assert why_not == "can't be installed here: apt-get is needed (Debian and its relatives)"


@pytest.mark.parametrize("name", ["vscode", "lua"])
def test_npm_is_asked_for_by_name(bare_machine, monkeypatch, name):
    monkeypatch.setenv("CODELLAMA_TEST_INSTALL", "1")
    assert "can't be installed here: " in install.wanted(name)[1]


def test_nothing_is_installed_without_being_asked(bare_machine, monkeypatch):
    monkeypatch.delenv("CODELLAMA_TEST_INSTALL", raising=False)
    assert install.wanted("helix") == (
        None,
        "not installed: python -m tests.editors.install helix",
    )
    assert list(bare_machine.iterdir()) == []


def test_a_command_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(debian, "COMMAND_SECONDS", 0.05)
    with pytest.raises(CannotInstall, match="timed out"):
        debian.run("tail", "-f", "/dev/null")
