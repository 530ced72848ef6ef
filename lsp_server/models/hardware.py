"""What a machine computes with: its devices, and how fast their memory is."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

DeviceKind = Literal["cpu", "gpu", "integrated", "accelerator"]


@dataclass(frozen=True)
class Device:
    """Something that llama.cpp computes on. `free` and `total` are bytes of its memory; an
    integrated GPU's are main memory."""

    name: str
    description: str
    kind: DeviceKind
    free: int
    total: int


# Gigabytes a second, by the vendors' data sheets. The first pattern that matches counts.
_BANDWIDTH_GB: tuple[tuple[str, int], ...] = (
    ("B200", 8000),
    ("H200", 4800),
    ("H100 NVL", 3900),
    ("H100 PCIe", 2000),
    ("H100", 3350),
    (r"A100.*80GB", 2000),
    ("A100", 1555),
    ("L40S?", 864),
    (r"\bL4\b", 300),
    (r"\bA10\b", 600),
    (r"\bT4\b", 320),
    ("V100", 900),
    ("RTX 5090", 1792),
    ("RTX 5080", 960),
    ("RTX 5070 Ti", 896),
    ("RTX 5070", 672),
    ("RTX 5060", 448),
    ("RTX 4090 Laptop", 576),
    ("RTX 4090", 1008),
    ("RTX 4080 Laptop", 432),
    ("RTX 4080", 717),
    ("RTX 4070 Laptop", 256),
    ("RTX 4070 Ti SUPER", 672),
    ("RTX 4070", 504),
    ("RTX 4060 Ti", 288),
    ("RTX 4060", 272),
    ("RTX 3090 Ti", 1008),
    ("RTX 3090", 936),
    ("RTX 3080", 760),
    ("RTX 3070", 448),
    (r"RTX 3060\b", 360),
    ("RTX 2080 Ti", 616),
    (r"RX 7900 XTX", 960),
    (r"RX 7900 XT", 800),
    (r"RX 6900 XT", 512),
    ("MI300X", 5300),
    ("M1 Ultra|M2 Ultra", 800),
    ("M3 Ultra", 819),
    ("M4 Max", 546),
    ("M1 Max|M2 Max|M3 Max", 400),
    ("M4 Pro", 273),
    ("M1 Pro|M2 Pro", 200),
    ("M3 Pro", 150),
    (r"Apple M4", 120),
    (r"Apple M[23]", 100),
    (r"Apple M1", 68),
)


def known_bandwidth(device: Device) -> float | None:
    """Bytes a second by the data sheet, None for a device that isn't in the table."""
    for pattern, gigabytes in _BANDWIDTH_GB:
        if re.search(pattern, device.description):
            return gigabytes * 1e9
    return None


def measured_bandwidth(threads: int, seconds: float = 0.3) -> float:
    """Bytes a second that `threads` threads copy in main memory, read plus write."""
    import numpy as np

    size = max(16 << 20, (128 << 20) // threads)  # all together larger than a cache
    sources = [np.ones(size // 8) for _ in range(threads)]
    targets = [np.ones(size // 8) for _ in range(threads)]
    best = 0.0
    end = time.perf_counter() + seconds
    with ThreadPoolExecutor(threads) as pool:
        while best == 0.0 or time.perf_counter() < end:
            started = time.perf_counter()
            list(pool.map(np.copyto, targets, sources))
            best = max(best, 2 * size * threads / (time.perf_counter() - started))
    return best
