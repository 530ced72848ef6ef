"""What this build of llama.cpp computes on, and what it says that it allocated."""

import contextlib
import ctypes
import importlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lsp_server.engine.llama.binding import llama_cpp
from lsp_server.errors import EngineError
from lsp_server.models.hardware import Device, DeviceKind

# By ggml_backend_dev_type; the others are accelerators, such as BLAS.
_KINDS: dict[int, DeviceKind] = {0: "cpu", 1: "gpu", 2: "integrated"}
_BUFFER = re.compile(r"(\S+) +(model|KV|compute|output) buffer size = +([\d.]+) MiB")


@dataclass(frozen=True)
class Allocation:
    """One buffer as llama.cpp reports it: "CUDA0", "KV", bytes."""

    place: str
    what: str
    size: int


def devices() -> list[Device]:
    """Every device of every back-end that is compiled in, with its memory now."""
    import psutil

    ggml = _ggml()
    found = []
    for index in range(ggml.ggml_backend_dev_count()):
        device = ggml.ggml_backend_dev_get(index)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        kind = _KINDS.get(ggml.ggml_backend_dev_type(device), "accelerator")
        if kind == "cpu":  # of which ggml gives the total for the free
            free.value = psutil.virtual_memory().available
        found.append(
            Device(
                name=_text(ggml.ggml_backend_dev_name(device)),
                description=_text(ggml.ggml_backend_dev_description(device)).strip(),
                kind=kind,
                free=free.value,
                total=total.value,
            )
        )
    return found


def offload_devices() -> list[Device]:
    """The devices that llama.cpp puts layers on by itself, in its order: the GPUs, and an
    integrated one only where there is no other."""
    found = devices()
    gpus = [device for device in found if device.kind == "gpu"]
    return gpus or [device for device in found if device.kind == "integrated"][:1]


def backends() -> list[str]:
    """The names of the back-ends that are compiled in: "CUDA", "Vulkan", "CPU"."""
    ggml = _ggml()
    count = ggml.ggml_backend_reg_count()
    return [_text(ggml.ggml_backend_reg_name(ggml.ggml_backend_reg_get(i))) for i in range(count)]


def cpu_features() -> list[str]:
    """What of the processor's instructions is used: "AVX2", "FMA"."""
    text = _text(llama_cpp.llama_print_system_info())
    return re.findall(r"(\w+) = 1\b", text)


def binding_version() -> str:
    """llama-cpp-python's."""
    return str(llama_cpp.__version__)


@contextlib.contextmanager
def allocations() -> Iterator[list[Allocation]]:
    """Collects what llama.cpp reports of its buffers while the body runs, from any thread."""
    collector = _Collector()
    logger = logging.getLogger("lsp_server.llama.cpp")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    logger.propagate = propagate and logging.getLogger("lsp_server").isEnabledFor(logging.DEBUG)
    try:
        yield collector.found
    finally:
        logger.removeHandler(collector)
        logger.setLevel(level)
        logger.propagate = propagate


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Allocation] = []

    def emit(self, record: logging.LogRecord) -> None:
        for place, what, mib in _BUFFER.findall(record.getMessage()):
            self.found.append(Allocation(place, what, int(float(mib) * 2**20)))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


@cache
def _ggml() -> Any:
    """The functions of libggml used here, with their types; llama_cpp declares none of them."""
    size, pointer, text = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_char_p
    sizes = ctypes.POINTER(size)
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "ggml_backend_dev_count": (size, []),
        "ggml_backend_dev_get": (pointer, [size]),
        "ggml_backend_dev_name": (text, [pointer]),
        "ggml_backend_dev_description": (text, [pointer]),
        "ggml_backend_dev_type": (ctypes.c_int, [pointer]),
        "ggml_backend_dev_memory": (None, [pointer, sizes, sizes]),
        "ggml_backend_reg_count": (size, []),
        "ggml_backend_reg_get": (pointer, [size]),
        "ggml_backend_reg_name": (text, [pointer]),
    }
    functions = SimpleNamespace()
    for name, (result, arguments) in signatures.items():
        function = _function(name)
        function.restype, function.argtypes = result, arguments
        setattr(functions, name, function)
    return functions


def _function(name: str) -> Any:
    """Out of libggml or, on Windows, where a library shows only its own, libggml-base."""
    extensions = importlib.import_module(f"{llama_cpp.__name__}._ctypes_extensions")
    folder = Path(llama_cpp.__file__).parent / "lib"
    for library in ("ggml", "ggml-base"):
        with contextlib.suppress(AttributeError):
            return getattr(extensions.load_shared_library(library, folder), name)
    raise EngineError(f"This build of llama.cpp has no {name}.", "Install llama-cpp-python anew.")
