"""How fast memory can be read: what bounds decoding, which reads every weight for each token."""

import ctypes
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_BYTES = 2**28
_TIMES = 8


def measured(gpu: bool) -> float:
    """Bytes a second, read and written together, of a copy within the memory of the GPU (the first
    one, by CUDA's driver) or of this machine. Raises OSError where the driver can't be had."""
    return _of_gpu() if gpu else _of_machine()


def _of_machine() -> float:
    """Copies by as many threads as there are cores."""
    cores = os.cpu_count() or 1
    pairs = [(np.zeros(_BYTES // cores, np.uint8), np.ones(_BYTES // cores, np.uint8))] * cores
    pairs = [(a.copy(), b.copy()) for a, b in pairs]
    with ThreadPoolExecutor(cores) as pool:
        return _best(lambda: list(pool.map(lambda pair: np.copyto(*pair), pairs)))


def _of_gpu() -> float:
    cuda = ctypes.CDLL("libcuda.so.1")

    def call(name: str, *arguments: object) -> None:
        status = getattr(cuda, name)(*arguments)
        if status:
            raise OSError(f"{name} failed: {status}")

    device, context = ctypes.c_int(), ctypes.c_void_p()
    source, target = ctypes.c_uint64(), ctypes.c_uint64()
    size = ctypes.c_size_t(_BYTES)
    call("cuInit", 0)
    call("cuDeviceGet", ctypes.byref(device), 0)
    call("cuCtxCreate_v2", ctypes.byref(context), 0, device)
    try:
        call("cuMemAlloc_v2", ctypes.byref(source), size)
        call("cuMemAlloc_v2", ctypes.byref(target), size)

        def copy() -> None:
            call("cuMemcpyDtoD_v2", target, source, size)
            call("cuCtxSynchronize")

        return _best(copy)
    finally:
        call("cuCtxDestroy_v2", context)


def _best(copy: Callable[[], object]) -> float:
    copy()
    times = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        copy()
        times.append(time.perf_counter() - started)
    return 2 * _BYTES / min(times)
