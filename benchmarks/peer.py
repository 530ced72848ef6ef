"""llama.cpp's own programs, of the very sources that llama-cpp-python carries, so that what is
compared is ours and not another llama.cpp.

    python -m benchmarks.peer      builds llama-server and llama-bench in the user's cache folder

They are built once for a version of llama-cpp-python; that takes some minutes.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import platformdirs

PACKAGE = "llama-cpp-python"
PROGRAMS = ("llama-server", "llama-bench")
# Without the web page, the tests and TLS: nothing of them is measured.
_OPTIONS = (
    *("-DCMAKE_BUILD_TYPE=Release", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"),
    *("-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_OPENSSL=OFF"),
    # The programs find their libraries beside them, wherever the folder is moved.
    *("-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON", "-DCMAKE_INSTALL_RPATH=$ORIGIN"),
)


def folder() -> Path:
    """Where the programs lie: $LLAMA_CPP_BIN, or `bench/bin` in the user's cache folder."""
    named = os.environ.get("LLAMA_CPP_BIN", "").strip()
    return Path(named) if named else platformdirs.user_cache_path("codellama-lsp") / "bench" / "bin"


def program(name: str) -> Path | None:
    """The program, None where it was not built or is of another version of llama.cpp."""
    path = folder() / name
    if "LLAMA_CPP_BIN" not in os.environ and _built_version() != version(PACKAGE):
        return None
    return path if path.is_file() else None


def environment(waiting: Literal["passive", "active"]) -> dict[str, str]:
    """The environment to start them in. OpenMP's threads wait `passive`, as our engine's do: beside
    another busy process spinning ones fall to a hundredth. `active` is llama.cpp's own way, the
    fastest on an idle machine."""
    libraries = {"LD_LIBRARY_PATH": str(folder())}
    spinning = {"GOMP_SPINCOUNT": "1000"} if waiting == "passive" else {}
    return {**os.environ, **libraries, **spinning, "OMP_WAIT_POLICY": waiting}


def build() -> None:
    """Fetch the sources, compile, and put the programs into `folder()`."""
    with tempfile.TemporaryDirectory(prefix="llama-cpp-") as scratch:
        sources = fetched(Path(scratch))
        made = Path(scratch) / "build"
        # What a GPU needs, as for llama-cpp-python itself: CMAKE_ARGS="-DGGML_CUDA=on".
        given = shlex.split(os.environ.get("CMAKE_ARGS", ""))
        _run("cmake", "-S", sources, "-B", made, *_OPTIONS, *given)
        targets = ("--target", *PROGRAMS)
        _run("cmake", "--build", made, *targets, "--parallel", str(os.cpu_count() or 1))
        shutil.rmtree(folder(), ignore_errors=True)
        shutil.copytree(made / "bin", folder(), symlinks=True)
    _version_file().write_text(version(PACKAGE) + "\n", encoding="utf-8")


def fetched(scratch: Path) -> Path:
    """llama.cpp's sources out of the source distribution that pip fetches."""
    wanted = f"{PACKAGE}=={version(PACKAGE)}"
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
    _run(*pip, "--dest", scratch, wanted)
    (archive,) = scratch.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(scratch, filter="data")
    (sources,) = scratch.glob("*/vendor/llama.cpp")
    return sources


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


def _version_file() -> Path:
    return folder() / "version"


def _built_version() -> str:
    try:
        return _version_file().read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def main() -> None:
    missing = [name for name in PROGRAMS if program(name) is None]
    if not missing:
        print(f"{', '.join(PROGRAMS)} are in {folder()} already.")
        return
    print("Building llama.cpp's programs; that takes some minutes, once.", flush=True)
    try:
        build()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error.cmd[0]} failed ({error.returncode}).") from error


if __name__ == "__main__":
    main()
