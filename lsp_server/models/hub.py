"""Fetches a file from a Hugging Face hub (or a mirror of one), resuming where it was cut off.

The hub answers `resolve/main/FILE` with a redirect to its storage, and states there the file's
sha256 (X-Linked-Etag) and size (X-Linked-Size). HF_ENDPOINT names another hub; HF_TOKEN is sent to
that hub only: httpx drops the header when a redirect leaves it.
"""

import math
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from lsp_server.models.catalogue import Entry, HubSource
from lsp_server.models.partial import PartialFile, SourceFailed
from lsp_server.models.progress import Progress

CONNECT_S = 3.0  # a machine without a hub must not wait for it
SILENCE_S = 20.0
TRIES = 5  # in a row without a new byte
RETRY_DELAY_S = 1.0  # before the second try; doubled each time
LONGEST_PAUSE_S = 120.0  # that a hub may ask for


class _TryAgain(Exception):
    """The hub was reached, but the file did not come whole; the message says why.

    `pause_s` is how long the hub asks to be left alone.
    """

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


def endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def endpoint_host() -> str:
    """The hub's name for messages; an endpoint may carry a password, so never the whole of it."""
    try:
        return urlsplit(endpoint()).hostname or "HF_ENDPOINT"
    except ValueError:
        return "HF_ENDPOINT"


def fetch(source: HubSource, entry: Entry, partial: PartialFile, progress: Progress) -> str:
    """Fill `partial` with the whole file and return the sha256 that it must have.

    Raises SourceFailed; what has come stays in `partial`.
    """
    folder = f"{source.folder}/" if source.folder else ""
    url = f"{endpoint()}/{source.repository}/resolve/main/{folder}{entry.file}"
    furthest, failures, reached = partial.size, 0, False
    try:
        with connection() as client:
            while True:
                try:
                    return _stream(client, url, entry, partial, progress)
                except _TryAgain as error:
                    reached, reason, pause = True, str(error), error.pause_s
                except httpx.TransportError as error:
                    reached = reached or partial.size > furthest
                    reason, pause = reason_of(error), 0.0
                    if not reached:
                        raise
                failures = 1 if partial.size > furthest else failures + 1
                furthest = max(furthest, partial.size)
                if failures >= TRIES:
                    raise SourceFailed(f"{reason}; tried {TRIES} times")
                pause = max(pause, RETRY_DELAY_S * 2 ** (failures - 1))
                progress.say(f"{reason}; again in {math.ceil(pause)} s.")
                _pause(pause, partial, progress)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise SourceFailed(f"can't be reached ({reason_of(error)})") from error


def connection() -> httpx.Client:
    """With the proxy and certificates that the environment names."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "codellama-lsp"}
    if token := os.environ.get("HF_TOKEN", "").strip():
        headers["Authorization"] = f"Bearer {token}"
    timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    try:
        return httpx.Client(headers=headers, timeout=timeout, follow_redirects=True)
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise SourceFailed(f"the network settings are wrong ({reason_of(error)})") from error


def _stream(
    client: httpx.Client, url: str, entry: Entry, partial: PartialFile, progress: Progress
) -> str:
    """One request, from where `partial` ends. Returns the sha256 that the file must have."""
    range_header = {"Range": f"bytes={partial.size}-"} if partial.size else {}
    with client.stream("GET", url, headers=range_header) as response:
        _check_status(response)
        sha256 = _expected_digest(entry, response)
        if partial.size and partial.note.sha256 != sha256:
            partial.start_over()
            raise _TryAgain("what was here belongs to another version of the file")
        total = _place(response, partial)
        _check_size(entry, total)
        if total == partial.size:
            return sha256
        partial.remember(replace(partial.note, sha256=sha256))
        partial.check_space(total)
        progress.at(partial.size, total)
        for block in response.iter_raw():  # as it comes: a block being filled is lost in a cut
            if partial.size + len(block) > total:
                raise SourceFailed(f"sent more than the {total} bytes that the file has")
            partial.write(block)
            progress.at(partial.size, total)
    if partial.size < total:
        raise _TryAgain(f"the connection was cut at {partial.size} of {total} bytes")
    return sha256


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in (200, 206, 416):
        return
    if status == 429 or status >= 500:
        pause = _retry_after(response.headers.get("Retry-After", ""))
        if pause > LONGEST_PAUSE_S:
            raise SourceFailed(f"answered {status}: come back in {pause / 60:.0f} minutes")
        raise _TryAgain(f"answered {status} {response.reason_phrase}", pause)
    raise SourceFailed(refusal(status, response.reason_phrase))


def refusal(status: int, phrase: str) -> str:
    """What an answer with that status means, "" where it is none of refusing."""
    if status < 400:
        return ""
    advice = {
        401: "the model is not public there, or does not exist: set HF_TOKEN if you have access",
        403: "access refused: accept the licence on the model's page and set HF_TOKEN",
        404: "it does not have the file",
    }
    return advice.get(status, f"answered {status} {phrase}")


def _retry_after(value: str) -> float:
    """Seconds, from a number of them or a date; 0 where it is neither."""
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        return max(0.0, until.timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0


def _pause(seconds: float, partial: PartialFile, progress: Progress) -> None:
    """Wait, in slices: whoever watches the progress may stop a pull."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        progress.at(partial.size, None)
        time.sleep(min(left, 0.2))


def _expected_digest(entry: Entry, response: httpx.Response) -> str:
    """The catalogue's sha256, or the one that the hub states."""
    stated = _stated_digest(response)
    if entry.sha256 and stated and stated != entry.sha256:
        raise SourceFailed(f"it has another file of that name (sha256 {stated})")
    digest = entry.sha256 or stated
    if digest is None:
        raise SourceFailed("it states no sha256 for the file, so nothing could verify it")
    return digest


def _stated_digest(response: httpx.Response) -> str | None:
    for answer in _hub_answers(response):
        for header in ("X-Linked-Etag", "ETag"):
            digest = answer.headers.get(header, "").removeprefix("W/").strip('"').lower()
            if re.fullmatch(r"[0-9a-f]{64}", digest):
                return str(digest)
    return None


def _hub_answers(response: httpx.Response) -> Iterator[httpx.Response]:
    """The hub's own answers in the chain of redirects: storage elsewhere has no say."""
    answers = [*response.history, response]
    hub = answers[0].url
    for answer in answers:
        if (answer.url.scheme, answer.url.netloc) == (hub.scheme, hub.netloc):
            yield answer


def _place(response: httpx.Response, partial: PartialFile) -> int:
    """Cut `partial` to where the body continues it, and return the size of the whole file."""
    if response.status_code == 200:
        partial.start_over()
        length = response.headers.get("Content-Length", "")
        linked = [r.headers.get("X-Linked-Size", "") for r in _hub_answers(response)]
        sizes = [int(text) for text in (length, *linked) if text.isdecimal()]
        if not sizes:
            raise SourceFailed("it states no size for the file")
        return sizes[0]
    content_range = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", content_range)
    start = int(match[1] or match[2]) if match else -1
    if match is None or start != partial.size:
        partial.start_over()
        raise _TryAgain(f"answered a resumed download with the range {content_range!r}")
    return int(match[2])


def _check_size(entry: Entry, total: int) -> None:
    if entry.size is not None and total != entry.size:
        raise SourceFailed(f"its file has {total} bytes, the catalogue's has {entry.size}")


def reason_of(error: Exception) -> str:
    """One line of what went wrong; some of httpx's errors have no text."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
