"""The real vLLM, where one is installed: $VLLM_BIN names its program. A build for the CPU will do.

It takes the better part of a minute to start, so tests of a module share one.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.llama_server import free_port

_SECONDS_TO_START = 300
# A small KV cache, nothing compiled, nothing asked of the hub, and answers that repeat.
_OPTIONS = ("--enforce-eager", "--dtype", "float32", "--block-size", "32", "--max-num-seqs", "8")
_ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
}


@contextmanager
def vllm(model: Path, name: str, *options: str) -> Iterator[str]:
    """Its url, with the model served under a name. Skips the test where it isn't there."""
    program = os.environ.get("VLLM_BIN", "")
    if not program:
        pytest.skip("VLLM_BIN names no vllm program (pip install vllm, or a build for the CPU)")
    port = str(free_port())
    place = ("--host", "127.0.0.1", "--port", port, "--served-model-name", name)
    process = subprocess.Popen(
        [program, "serve", str(model), *place, *_OPTIONS, *options],
        env=os.environ | _ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_up(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    with httpx.Client(trust_env=False) as http:
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if http.get(url).status_code == 200:
                    return
            # It loads for a minute and tells nobody when it is there; its end is noticed at once.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
    pytest.fail("vLLM did not start")
