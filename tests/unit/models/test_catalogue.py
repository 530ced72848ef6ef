import pytest

from lsp_server.errors import ModelError, UnknownModel
from lsp_server.models.catalogue import (
    CATALOGUE_FILE,
    Catalogue,
    HubSource,
    PackageIndexSource,
    catalogue,
)
from lsp_server.models.filename import parse_file_name


def test_shipped_catalogue_agrees_with_its_file_names():
    for entry in catalogue().models:
        name = parse_file_name(entry.file)
        assert (name.family, name.parameters) == (entry.family, entry.parameters)
        assert name.quantisation == entry.quantisation
        if name.variant == "instruct":
            assert "instruct" in entry.roles
        assert entry.about_bytes > 400e6


@pytest.mark.parametrize("size", ["7b", "13b"])
@pytest.mark.parametrize("variant", ["", "-instruct"])
@pytest.mark.parametrize("quantisation", ["Q4_K_M", "Q5_K_M"])
def test_code_llama(size, variant, quantisation):
    entry = catalogue().find(f"codellama-{size}{variant}-{quantisation.lower()}")
    assert entry.file == f"codellama-{size}{variant}.{quantisation}.gguf"
    repository = f"TheBloke/CodeLlama-{size.upper()}{variant.title()}-GGUF"
    assert entry.sources == (HubSource(repository),)
    assert catalogue().licences[entry.licence].startswith("https://")


def test_name_without_quantisation_is_q4_k_m():
    assert catalogue().find("CodeLlama-13B-Instruct").quantisation == "Q4_K_M"


def test_sources_in_order():
    hub, parts = catalogue().find("qwen2.5-coder-1.5b").sources
    assert hub == HubSource("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF")
    assert isinstance(parts, PackageIndexSource)
    assert parts.parts == 22


def test_unknown_name():
    with pytest.raises(UnknownModel) as caught:
        catalogue().find("qwen-coder-0.5b")
    assert "qwen2.5-coder-0.5b" in caught.value.hint


SHIPPED = CATALOGUE_FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("    size: 491400064\n", ""),
        ("    licence: Apache-2.0\n", "    licence: Beerware\n"),
        ("    licence: Apache-2.0\n", "    license: Apache-2.0\n"),
        ("1d96146", "1D96146"),
        ("1d96146", "1d9"),
        ("roles: [infill]", "roles: [paint]"),
        ("roles: [infill]", "roles: []"),
        ("hub: TheBloke/CodeLlama-7B-GGUF", "hub: CodeLlama-7B-GGUF"),
        ("hub: TheBloke/CodeLlama-7B-GGUF", "url: https://example.org"),
        ("          parts: 6\n", ""),
        ("          parts: 6\n", "          parts: 0\n"),
        ("file: codellama-7b.Q4_K_M.gguf", "file: ../codellama-7b.gguf"),
        ("name: codellama-13b\n", "name: codellama-7b\n"),
        ("models:", "models: ["),
        ("models:", "model:"),
    ],
)
def test_wrong_catalogue_is_refused(tmp_path, there, instead):
    assert there in SHIPPED
    wrong = tmp_path / "catalogue.yaml"
    wrong.write_text(SHIPPED.replace(there, instead, 1), encoding="utf-8")
    with pytest.raises(ModelError, match=r"catalogue\.yaml"):
        Catalogue.read(wrong)
