"""The GPU back-ends of llama.cpp: which this machine could use, and how each is compiled in."""

import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Backend:
    """A way to use a GPU: its name in ggml, whose GPUs, the cmake option, and what building it
    needs: `tool` stands for all of that."""

    name: str
    gpus: str
    option: str
    needs: str
    tool: str

    @property
    def in_words(self) -> str:
        """What to install first where the tool is missing, "" where it is there."""
        return "" if shutil.which(self.tool) else f"first install {self.needs}"


CUDA = Backend(
    "CUDA", "NVIDIA", "-DGGML_CUDA=on", "NVIDIA's CUDA toolkit (nvcc and cuBLAS)", "nvcc"
)
METAL = Backend(
    "Metal", "Apple", "-DGGML_METAL=on", "Xcode's command line tools; on by default there", "xcrun"
)
ROCM = Backend("ROCm", "AMD", "-DGGML_HIP=on", "AMD's ROCm (hipcc, hipBLAS, rocBLAS)", "hipcc")
VULKAN = Backend(
    "Vulkan",
    "any",
    "-DGGML_VULKAN=on",
    "the Vulkan SDK (on Debian: libvulkan-dev glslc spirv-headers)",
    "glslc",
)
BACKENDS = (CUDA, METAL, ROCM, VULKAN)
# What ggml calls them, where it isn't the name: Metal's is MTL, ROCm's may be HIP.
_ALIASES = {"Metal": ("metal", "mtl"), "ROCm": ("rocm", "hip")}


def pip_arguments(version: str) -> list[str]:
    """To compile llama-cpp-python anew. pip's cache has to be passed over: it knows the wheel for
    the CPU by the same name."""
    options = ["--force-reinstall", "--no-deps", "--no-cache-dir"]
    return ["-m", "pip", "install", *options, f"llama-cpp-python=={version}"]


def install_line(backend: Backend | None, version: str, python: str = sys.executable) -> str:
    """The same as a command for the user's shell; without a back-end, for this processor."""
    pip = " ".join(pip_arguments(version))
    option = backend.option if backend else "-DGGML_NATIVE=on"
    if sys.platform == "win32":
        return f"$env:CMAKE_ARGS='{option}'; & '{python}' {pip}"
    return f'CMAKE_ARGS="{option}" {python} {pip}'


def seen_backends(root: Path = Path("/")) -> list[Backend]:
    """The back-ends that this machine's hardware could use, by what the system shows of it."""
    if sys.platform == "darwin":
        return [METAL] if platform.machine() == "arm64" else []
    seen = []
    if (root / "proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        seen.append(CUDA)
    if (root / "dev/kfd").exists():
        seen.append(ROCM)
    if not seen and any((root / "dev/dri").glob("renderD*")):
        seen.append(VULKAN)
    return seen


def is_compiled(backend: Backend, backends: Sequence[str]) -> bool:
    """Whether it is among those that llama.cpp names."""
    names = _ALIASES.get(backend.name, (backend.name.lower(),))
    return any(name.lower().startswith(names) for name in backends)
