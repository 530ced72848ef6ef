"""The recipes of doctor and `make gpu` against the llama.cpp that would be compiled: CMake knows
each option, and asks for what the recipe says is needed. Nothing is compiled.

Fetches llama-cpp-python's sources (77 MB), so only with CODELLAMA_TEST_INSTALL=1.
"""

import os
import re
import shutil
import subprocess

import pytest

from benchmarks.peer import fetched
from lsp_server.doctor.backends import BACKENDS, VULKAN

pytestmark = pytest.mark.skipif(
    os.environ.get("CODELLAMA_TEST_INSTALL") != "1" or not shutil.which("cmake"),
    reason="fetches sources; needs CODELLAMA_TEST_INSTALL=1 and cmake",
)

# What CMake says where something is missing.
ASKS = {
    "CUDA": r"CUDA Toolkit not found|no GPU was detected|CUDA::cublas",
    "Metal": r"Could not find FOUNDATION_LIBRARY",
    "ROCm": r"ROCm root directory|find_package.*(hip|rocblas)",
    "Vulkan": r"Could NOT find Vulkan|SPIRV-Headers",
}
NAMES = {"ROCm": "HIP"}  # as CMake calls it


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return fetched(tmp_path_factory.mktemp("sources"))


def configured(sources, build, *options, **environment):
    command = ["cmake", "-S", sources, "-B", build, "-DLLAMA_BUILD_UI=OFF", *options]
    run = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_cmake_knows_the_option_and_asks_for_what_is_said(sources, tmp_path, backend):
    status, output = configured(sources, tmp_path, backend.option)
    assert "Manually-specified variables were not used" not in output
    if status == 0:
        assert f"Including {NAMES.get(backend.name, backend.name)} backend" in output
    else:
        assert re.search(ASKS[backend.name], output), output[-2000:]


@pytest.mark.skipif(not shutil.which("apt-get"), reason="no Debian")
def test_debians_packages_are_what_vulkan_needs(sources, tmp_path):
    named = re.search(r"on Debian: ([^)]+)", VULKAN.needs)[1].split()
    behind = ["libvulkan1", "libshaderc1"]  # what they depend on
    subprocess.run(["apt-get", "download", *named, *behind], cwd=tmp_path, check=True)
    root = tmp_path / "root"
    for package in tmp_path.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, root], check=True)
    (libraries,) = {path.parent for path in root.rglob("libshaderc.so.1")}
    status, output = configured(
        *(sources, tmp_path / "build", VULKAN.option, f"-DCMAKE_PREFIX_PATH={root}/usr"),
        LD_LIBRARY_PATH=str(libraries),
    )
    assert status == 0, output[-2000:]
    assert "Including Vulkan backend" in output
