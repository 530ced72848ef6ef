"""The one place that imports llama_cpp, after setting what must be set before."""

import ctypes
import logging
import os

# OpenMP threads that spin while they wait are slowed to a hundredth beside another busy process,
# and an editor's machine is always busy. Threads that sleep at once decode half as fast on an idle
# one: so they spin for microseconds, and then sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# An abort in ggml would start a debugger to print its stack.
os.environ.setdefault("GGML_NO_BACKTRACE", "1")

import llama_cpp

__all__ = ["llama_cpp"]

_log = logging.getLogger("lsp_server.llama.cpp")
# ggml's level numbers: 1 debug or info (by version), 3 warnings, 4 errors; 5 continues a line.
_LEVELS = {3: logging.WARNING, 4: logging.ERROR}


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _to_logging(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    # What llama.cpp warns of is for developers; a person gets our own errors. Hence one step down.
    _log.log(
        logging.INFO if level in _LEVELS else logging.DEBUG,
        text.decode("utf-8", "replace").rstrip("\n"),
    )


llama_cpp.llama_log_set(_to_logging, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()
