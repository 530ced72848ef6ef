"""The header reader, against files that the `gguf` package writes."""

import contextlib
from pathlib import Path

import gguf
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.errors import ModelLoadError
from lsp_server.models.capabilities import capabilities
from lsp_server.models.filename import parse_file_name
from lsp_server.models.gguf import _FILE_TYPES, SkippedArray, read_gguf

LLAMA_2_VOCABULARY = Path(__file__).parents[2] / "data" / "llama-2-vocab.gguf"


def write(
    path,
    tokens=("<s>", "</s>", "a"),
    kv_heads=2,
    template="",
    layers=3,
    name="Tiny",
    lengths=None,
):
    """A llama model of `layers` layers x 64 with one tensor."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_block_count(layers)
    writer.add_context_length(2048)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(kv_heads)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q5_K_M)
    writer.add_token_list(list(tokens))
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_bool("tiny.flag", True)
    writer.add_float64("tiny.float", 0.5)
    if template:
        writer.add_chat_template(template)
    if lengths:
        writer.add_key_length(lengths[0])
        writer.add_value_length(lengths[1])
    writer.add_tensor("token_embd.weight", numpy.zeros((8, 64), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write(tmp_path_factory.mktemp("gguf") / "tiny.gguf").read_bytes()


def test_metadata(tmp_path):
    metadata = read_gguf(write(tmp_path / "tiny.gguf"))
    assert (metadata.architecture, metadata.name, metadata.version) == ("llama", "Tiny", 3)
    assert (metadata.n_layer, metadata.n_ctx_train, metadata.n_embd) == (3, 2048, 64)
    assert (metadata.n_head, metadata.n_head_kv) == (4, (2, 2, 2))
    assert (metadata.key_length, metadata.value_length) == (16, 16)
    assert metadata.n_vocab == 3
    assert metadata.quantisation == "Q5_K_M"
    assert metadata.values["tokenizer.ggml.tokens"] == SkippedArray(3)
    assert metadata.values["tokenizer.ggml.scores"] == (0, 0, 0)
    assert (metadata.values["tiny.flag"], metadata.values["tiny.float"]) == (True, 0.5)


def test_kv_bytes(tmp_path):
    metadata = read_gguf(write(tmp_path / "tiny.gguf", lengths=(24, 16)))
    assert metadata.kv_bytes_per_token() == 3 * 2 * (24 + 16) * 2
    assert metadata.kv_bytes_per_token(1) == 3 * 2 * (24 + 16)


def test_kv_heads_that_differ_by_layer(tmp_path):
    metadata = read_gguf(write(tmp_path / "tiny.gguf", kv_heads=[4, 1, 2]))
    assert metadata.n_head_kv == (4, 1, 2)
    assert metadata.kv_bytes_per_token() == 7 * 32 * 2


def test_llama_2_vocabulary():
    metadata = read_gguf(LLAMA_2_VOCABULARY)
    assert (metadata.n_vocab, metadata.n_layer, metadata.n_ctx_train) == (32000, 32, 4096)
    assert metadata.kv_bytes_per_token() == 512 * 1024
    assert metadata.values["tokenizer.ggml.scores"] == SkippedArray(32000)
    assert not metadata.has_fim_tokens


def test_version_2_is_laid_out_like_3(tmp_path, whole):
    path = tmp_path / "old.gguf"
    path.write_bytes(whole[:4] + (2).to_bytes(4, "little") + whole[8:])
    assert read_gguf(path).version == 2
    assert read_gguf(path).n_layer == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"G", "not a GGUF file"),
        (b"<!DOCTYPE html>", "not a GGUF file"),
        (b"GGUF", "damaged"),
        (b"GGUF" + (1).to_bytes(4, "little") + bytes(16), "version 1"),
        (b"GGUF" + (3).to_bytes(4, "big") + bytes(16), "big-endian"),
        (b"GGUF" + (3).to_bytes(4, "little") + b"\xff" * 16, "damaged"),
    ],
)
def test_what_is_no_model(tmp_path, content, says):
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelLoadError, match=says):
        read_gguf(path)


def test_what_can_not_be_opened(tmp_path):
    for path in (tmp_path, tmp_path / "missing.gguf"):
        with pytest.raises(ModelLoadError, match="can't be read"):
            read_gguf(path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "damaged.gguf"


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_cut_off_anywhere_raises(whole, scratch, data):
    tensor_bytes = 8 * 64 * 4
    size = data.draw(st.integers(0, len(whole) - tensor_bytes))
    scratch.write_bytes(whole[:size])
    with pytest.raises(ModelLoadError):
        read_gguf(scratch)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_flipped_bytes_raise_only_the_one_error(whole, scratch, data):
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    scratch.write_bytes(damaged)
    with contextlib.suppress(ModelLoadError):
        read_gguf(scratch)


def test_quantisations_are_named_as_llama_cpp_names_them():
    theirs = {kind.value: kind.name.removeprefix("MOSTLY_") for kind in gguf.LlamaFileType}
    for number, name in _FILE_TYPES.items():
        assert theirs.get(number, name).removeprefix("ALL_") == name


CODE_LLAMA = ("a", "▁<PRE>", "▁<SUF>", "▁<MID>")


@pytest.mark.parametrize(
    ("file", "made", "infill", "instruct"),
    [
        ("codellama-7b.Q4_0.gguf", {"tokens": CODE_LLAMA, "layers": 32}, True, False),
        ("codellama-13b-instruct.Q4_0.gguf", {"tokens": CODE_LLAMA, "layers": 40}, True, True),
        ("codellama-34b.Q4_0.gguf", {"tokens": CODE_LLAMA, "layers": 48}, False, False),
        ("codellama-70b.Q4_0.gguf", {"tokens": CODE_LLAMA, "layers": 80}, True, False),
        ("codellama-70b-instruct.Q4_0.gguf", {"tokens": CODE_LLAMA, "layers": 80}, False, True),
        ("codellama-7b-python.Q4_0.gguf", {"tokens": CODE_LLAMA, "layers": 32}, False, False),
        (
            "renamed.gguf",
            {"tokens": CODE_LLAMA, "layers": 32, "name": "CodeLlama 7B Python"},
            False,
            False,
        ),
        ("qwen2.5-coder-3b.gguf", {"tokens": ("<|fim_prefix|>",), "template": "{{x}}"}, True, True),
        ("starcoder2-3b.gguf", {"tokens": ("<fim_prefix>",)}, True, False),
        ("llama-3-8b.gguf", {"tokens": ("a<|fim_prefix|>b",), "template": "{{x}}"}, False, True),
    ],
)
def test_what_a_model_can_do(tmp_path, file, made, infill, instruct):
    metadata = read_gguf(write(tmp_path / file, **made))
    can = capabilities(metadata, parse_file_name(file))
    assert (can.infill, can.instruct) == (infill, instruct)
    assert bool(can.why_no_infill) != infill
