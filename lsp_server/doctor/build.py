"""`make gpu`: compiles llama.cpp again with a GPU back-end, and looks whether it is there.

    python -m lsp_server.doctor.build [cuda|metal|rocm|vulkan]

Without a name, for the GPU that is seen. CMAKE_ARGS is added to what the back-end needs, such as
-DCMAKE_CUDA_ARCHITECTURES=90 where there is no GPU to ask.
"""

import importlib.metadata
import os
import subprocess
import sys

from lsp_server.doctor.backends import (
    BACKENDS,
    Backend,
    install_line,
    is_compiled,
    pip_arguments,
    seen_backends,
)

_LOOK = "from lsp_server.engine.llama.devices import backends; print('\\n'.join(backends()))"


def chosen(names: list[str]) -> Backend:
    """The back-end named, or the one for the GPU that is seen. Raises SystemExit with the reason
    where there is none, or its tools are missing."""
    if names:
        found = [one for one in BACKENDS if one.name.lower() == names[0].lower()]
    else:
        found = seen_backends()
    known = ", ".join(one.name.lower() for one in BACKENDS)
    if not found:
        what = f"There is no back-end {names[0]!r}." if names else "No GPU was seen."
        raise SystemExit(f"{what} Name one: make gpu BACKEND=... ({known})")
    backend = found[0]
    if backend.in_words:
        raise SystemExit(f"For {backend.name}, {backend.in_words}.")
    return backend


def main(names: list[str]) -> None:
    backend = chosen(names)
    version = importlib.metadata.version("llama-cpp-python")
    print(f"Compiling llama.cpp with {backend.name}, which takes some minutes:", flush=True)
    print(f"  {install_line(backend, version)}", flush=True)
    options = " ".join(filter(None, [backend.option, os.environ.get("CMAKE_ARGS", "")]))
    environment = {**os.environ, "CMAKE_ARGS": options}
    run = subprocess.run([sys.executable, *pip_arguments(version)], env=environment, check=False)
    if run.returncode:
        raise SystemExit("It could not be compiled; what was installed before is still there.")
    look = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, check=False
    )
    if look.returncode or not is_compiled(backend, look.stdout.splitlines()):
        raise SystemExit(f"llama.cpp was compiled, but has no {backend.name}.\n{look.stderr}")
    print(f"{backend.name} is compiled in. `codellama-lsp doctor` shows what it finds.")


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if name])
