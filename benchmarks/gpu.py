"""make bench-gpu: the tables of make bench-typing with a model of Code Llama 7B's shape, and
decoding beside what the memory's bandwidth allows.

    python -m benchmarks.gpu [PART ...] [--layers 32] [--width 4096] [--hidden 11008] [--heads 32]

The weights are random (benchmarks/shape.py): they serve for speed, and nothing else. The file is
written once, in the user's cache folder. Without a GPU it runs on the CPU, for which a smaller
shape is kinder: --layers 2 --width 512 --hidden 1376 --heads 8. llama-server and llama-bench are to
be built for the GPU too: CMAKE_ARGS="-DGGML_CUDA=on" make llama-server. The other options are those
of python -m benchmarks.typing.
"""

import argparse
import asyncio
import sys
from typing import Any

import platformdirs

from benchmarks import bandwidth
from benchmarks.shape import Shape, Written, write_shape
from benchmarks.table import RESULTS, as_text
from benchmarks.typing.__main__ import run
from benchmarks.typing.engine_process import running_engine
from benchmarks.typing.speed import ours
from lsp_server.engine.llama.model import supports_gpu


def main() -> None:
    shape, others = _arguments()
    folder = platformdirs.user_cache_path("codellama-lsp") / "bench"
    written = write_shape(folder / shape.name, shape)
    rows = [asyncio.run(_decode(written))]
    print(as_text(rows), end="\n\n", flush=True)
    defaults = ["--model", str(written.path), "--json", str(RESULTS / "gpu.json")]
    asyncio.run(run([*defaults, *others], {"shape": vars(shape), "bandwidth": rows}))


async def _decode(written: Written) -> dict[str, Any]:
    """Our engine's decode beside the time that reading the weights takes."""
    gpu = supports_gpu()
    limit = bandwidth.measured(gpu) / written.bytes_a_token
    async with running_engine(str(written.path)) as engine:
        speed = await ours(engine, 0)
    return {
        "beside the bandwidth": "GPU" if gpu else "CPU",
        "weights read a token, MB": written.bytes_a_token / 1e6,
        "copy, GB/s": limit * written.bytes_a_token / 1e9,
        "limit, tokens/s": limit,
        "decode, tokens/s": speed.decode,
        "share of the limit": speed.decode / limit,
        "prefill, tokens/s": speed.prefill,
    }


def _arguments() -> tuple[Shape, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = Shape()
    for name in ("layers", "width", "hidden", "heads"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    own, others = parser.parse_known_args(sys.argv[1:])
    return Shape(own.layers, own.width, own.hidden, own.heads), others


if __name__ == "__main__":
    main()
