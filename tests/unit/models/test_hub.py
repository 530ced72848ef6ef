"""Fetching from a hub, played by a server on loopback."""

import hashlib
import time
from email.utils import formatdate

import pytest

from lsp_server.errors import DownloadError
from lsp_server.models import hub as hub_module
from lsp_server.models.reference import hub_entry
from lsp_server.models.store import is_here, pull, verify

from .conftest import CONTENT, FILE, HUB, SHA256, Told, entry_of


def left_in(models_dir):
    return sorted(p.name for p in models_dir.iterdir() if not p.name.startswith("."))


def test_whole_file(hub, models_dir):
    told = Told()
    path = pull(entry_of(HUB), told)
    assert path.read_bytes() == CONTENT
    assert left_in(models_dir) == [FILE]
    assert hub.requests[0][0] == f"/owner/repo/resolve/main/{FILE}"
    assert told.steps[0] == (0, len(CONTENT))
    assert told.steps[-1] == (len(CONTENT), len(CONTENT))


def test_what_is_here_is_not_fetched_again(hub):
    pull(entry_of(HUB))
    pull(entry_of(HUB))
    assert len(hub.requests) == 1


def test_cut_connection_is_resumed_where_it_was_cut(hub):
    hub.script = ["cut 1000", "cut 2000"]
    assert pull(entry_of(HUB)).read_bytes() == CONTENT
    assert hub.ranges() == [None, "bytes=1000-", "bytes=3000-"]


def test_interrupted_pull_is_resumed_by_the_next(hub, models_dir):
    class Interrupting(Told):
        def at(self, done, total):
            if done:
                raise KeyboardInterrupt

    hub.script = ["cut 4096"]
    with pytest.raises(KeyboardInterrupt):
        pull(entry_of(HUB), Interrupting())
    have = (models_dir / f"{FILE}.partial").stat().st_size
    assert 0 < have <= 4096
    assert not (models_dir / FILE).exists()
    assert pull(entry_of(HUB)).read_bytes() == CONTENT
    assert hub.ranges()[-1] == f"bytes={have}-"


@pytest.mark.parametrize("answer", ["whole", "skewed"])
def test_hub_that_does_not_resume_starts_over(hub, answer):
    hub.script = ["cut 1000", answer]
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_hub_that_always_cuts_is_given_up_and_the_rest_kept(hub, models_dir):
    hub.script = ["cut 1000"] + ["cut 0"] * 10
    with pytest.raises(DownloadError, match="tried 5 times"):
        pull(entry_of(HUB))
    assert (models_dir / f"{FILE}.partial").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("status", ["429", "500", "503"])
def test_busy_hub_is_asked_again(hub, status):
    hub.script = [status]
    assert pull(entry_of(HUB)).read_bytes() == CONTENT


def test_hub_that_asks_to_wait_is_left_alone_that_long(hub, monkeypatch):
    pauses = []
    monkeypatch.setattr(hub_module, "_pause", lambda seconds, *_: pauses.append(seconds))
    hub.script = ["429 7", "503", "429 nonsense"]
    assert pull(entry_of(HUB)).read_bytes() == CONTENT
    assert pauses == [7, 0, 0]


def test_hub_may_name_a_date(hub, monkeypatch):
    pauses = []
    monkeypatch.setattr(hub_module, "_pause", lambda seconds, *_: pauses.append(seconds))
    hub.script = [f"429 {formatdate(time.time() + 60, usegmt=True)}"]
    pull(entry_of(HUB))
    assert 50 < pauses[0] <= 60


def test_hub_that_asks_for_hours_is_given_up(hub):
    hub.script = ["429 7200"]
    with pytest.raises(DownloadError, match="come back in 120 minutes"):
        pull(entry_of(HUB))
    assert len(hub.requests) == 1


def test_a_pause_can_be_stopped(hub):
    class Stopping(Told):
        def at(self, done, total):
            raise KeyboardInterrupt

    hub.script = ["429 100"]
    with pytest.raises(KeyboardInterrupt):
        pull(entry_of(HUB), Stopping())


def test_hub_that_falls_silent_is_asked_again_from_there(hub, monkeypatch):
    monkeypatch.setattr(hub_module, "SILENCE_S", 0.1)
    hub.script = ["stall 5000"]
    assert pull(entry_of(HUB)).read_bytes() == CONTENT
    assert hub.ranges() == [None, "bytes=5000-"]


def test_file_in_a_folder_of_the_repository(hub, models_dir):
    entry = hub_entry("hf:owner/repo/gguf/q4/tiny-q4_k_m.gguf")
    path = pull(entry)
    assert path == models_dir / "hub/owner/repo/gguf/q4/tiny-q4_k_m.gguf"
    assert hub.requests[0][0] == "/owner/repo/resolve/main/gguf/q4/tiny-q4_k_m.gguf"
    assert verify(entry) == SHA256


@pytest.mark.parametrize(
    ("status", "says"),
    [("401", "HF_TOKEN"), ("403", "licence"), ("404", "does not have the file"), ("410", "410")],
)
def test_refusal_is_final_and_leaves_nothing(hub, models_dir, status, says):
    hub.script = [status] * 9
    with pytest.raises(DownloadError, match=says):
        pull(entry_of(HUB))
    assert len(hub.requests) == 1
    assert left_in(models_dir) == []


def test_wrong_bytes_are_deleted(hub, models_dir):
    hub.etag = None
    hub.content = bytes(len(CONTENT))
    with pytest.raises(DownloadError, match="not the file"):
        pull(entry_of(HUB))
    assert left_in(models_dir) == []


@pytest.mark.parametrize(
    ("etag", "content", "says"),
    [
        (f'"{"0" * 64}"', CONTENT, "another file of that name"),
        (None, CONTENT[:-1], "299999 bytes"),
    ],
)
def test_another_file_is_noticed_before_it_is_fetched(hub, models_dir, etag, content, says):
    hub.etag, hub.content = etag, content
    with pytest.raises(DownloadError, match=says):
        pull(entry_of(HUB), told := Told())
    assert told.steps == []
    assert left_in(models_dir) == []


def test_no_hub(models_dir):
    with pytest.raises(DownloadError, match="can't be reached") as caught:
        pull(entry_of(HUB))
    assert "models pull tiny" in caught.value.hint
    assert left_in(models_dir) == []


@pytest.mark.parametrize("endpoint", ["nonsense", "ftp://127.0.0.1", "http://[", "http://a b"])
def test_endpoint_that_is_no_url(monkeypatch, endpoint):
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(DownloadError):
        pull(entry_of(HUB))


def test_password_in_the_endpoint_is_not_told(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://me:secret@127.0.0.1:9")
    with pytest.raises(DownloadError) as caught:
        pull(entry_of(HUB), told := Told())
    assert "secret" not in str(caught.value) + "".join(told.lines)


def test_proxy_that_httpx_can_not_use(monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1")
    with pytest.raises(DownloadError, match="network settings"):
        pull(entry_of(HUB))


def test_proxy_is_used(hub, monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    assert pull(entry_of(HUB)).read_bytes() == CONTENT
    assert hub.requests[0][0] == f"http://hub.invalid/owner/repo/resolve/main/{FILE}"
    assert hub.requests[0][1]["host"] == "hub.invalid"


def test_token_goes_to_the_hub_and_not_where_it_redirects(hub, storage, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert pull(entry_of(HUB)).read_bytes() == CONTENT
    assert hub.requests[0][1]["authorization"] == "Bearer hf_secret"
    assert "authorization" not in storage.requests[0][1]


def test_unknown_digest_is_the_one_that_the_hub_states(hub, storage, models_dir):
    entry = entry_of(HUB, size=None, sha256=None)
    path = pull(entry, told := Told())
    assert path.read_bytes() == CONTENT
    assert any(SHA256 in line for line in told.lines)
    assert left_in(models_dir) == [FILE, f"{FILE}.sha256"]
    assert verify(entry) == SHA256
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(DownloadError, match="damaged"):
        verify(entry)


def test_storage_elsewhere_has_no_say_in_the_digest(hub, storage):
    hub.etag = '"no-digest"'
    storage.etag = f'"{SHA256}"'
    with pytest.raises(DownloadError, match="no sha256"):
        pull(entry_of(HUB, size=None, sha256=None))


def test_storage_that_gives_other_bytes_is_found_out(hub, storage, models_dir):
    storage.content = bytes(len(CONTENT))
    entry = entry_of(HUB, size=None, sha256=None)
    with pytest.raises(DownloadError, match="not the file"):
        pull(entry)
    assert not is_here(entry)


def test_partial_of_an_older_version_is_not_continued(hub):
    entry = entry_of(HUB, size=None, sha256=None)
    hub.script = ["cut 1000", "404"]
    with pytest.raises(DownloadError):
        pull(entry)
    hub.content = CONTENT[::-1]
    hub.etag = f'"{hashlib.sha256(hub.content).hexdigest()}"'
    assert pull(entry).read_bytes() == CONTENT[::-1]


def test_complete_partial_of_an_unknown_size_needs_only_its_name(hub, models_dir):
    entry = entry_of(HUB, size=None, sha256=None)
    hub.script = ["cut 1000", "404"]
    with pytest.raises(DownloadError):
        pull(entry)
    (models_dir / f"{FILE}.partial").write_bytes(CONTENT)
    assert pull(entry).read_bytes() == CONTENT
    assert hub.ranges()[-1] == f"bytes={len(CONTENT)}-"
