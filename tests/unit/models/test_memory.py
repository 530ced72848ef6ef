from types import SimpleNamespace

import psutil
import pytest

from lsp_server.errors import NotEnoughMemory
from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.memory import (
    MemoryNeed,
    check_fits,
    compute_bytes,
    needed,
    output_bytes,
)

GIB, MIB = 2**30, 2**20


def metadata(n_layer, n_embd, n_ff, n_head, n_head_kv, n_vocab):
    head = n_embd // n_head
    return GgufMetadata(
        version=3,
        architecture="llama",
        name="",
        n_layer=n_layer,
        n_ctx_train=16384,
        n_embd=n_embd,
        n_head=n_head,
        n_head_kv=(n_head_kv,) * n_layer,
        key_length=head,
        value_length=head,
        n_vocab=n_vocab,
        n_tensors=0,
        quantisation="Q4_K_M",
        has_chat_template=False,
        fim_prefix="",
        values={"llama.feed_forward_length": n_ff},
    )


CODE_LLAMA_7B = metadata(32, 4096, 11008, 32, 32, 32016)
CODE_LLAMA_13B = metadata(40, 5120, 13824, 40, 40, 32016)
QWEN_05B = metadata(24, 896, 4864, 14, 2, 151936)


def test_kv_cache_of_code_llama():
    assert needed(CODE_LLAMA_7B, 4 * GIB, 4096).kv == 2 * GIB
    assert needed(CODE_LLAMA_13B, 8 * GIB, 4096).kv == 3.125 * GIB


@pytest.mark.parametrize(
    ("model", "n_cells", "n_ubatch", "reported_mib"),
    [
        (QWEN_05B, 8192, 32, 2.72),
        (QWEN_05B, 8192, 128, 10.88),
        (QWEN_05B, 8192, 512, 43.51),
        (QWEN_05B, 65536, 128, 24.88),
        (CODE_LLAMA_7B, 8192, 128, 26.13),
        (CODE_LLAMA_7B, 32768, 128, 32.13),
        (CODE_LLAMA_13B, 8192, 512, 129.01),
    ],
)
def test_compute_buffer_is_what_llama_cpp_reports(model, n_cells, n_ubatch, reported_mib):
    assert compute_bytes(model, n_cells, n_ubatch) / MIB == pytest.approx(reported_mib, rel=0.01)


def test_logits_need_room_even_for_tiny_batches():
    assert compute_bytes(QWEN_05B, 256, 1) == output_bytes(QWEN_05B) == 4 * 4 * 151936


def have_free(monkeypatch, free):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))


def test_fits(monkeypatch):
    have_free(monkeypatch, 8 * GIB)
    check_fits(MemoryNeed(5 * GIB, 2 * GIB, GIB))


@pytest.mark.parametrize(
    ("free", "advice"), [(6 * GIB, "smaller n_ctx"), (2 * GIB, "smaller model")]
)
def test_does_not_fit(monkeypatch, free, advice):
    have_free(monkeypatch, free)
    with pytest.raises(NotEnoughMemory) as caught:
        check_fits(MemoryNeed(4 * GIB, 3 * GIB, GIB // 4), n_ctx=6144)
    assert "7.25 GiB" in caught.value.message
    assert "n_ctx 6144" in caught.value.message
    assert f"{free / GIB:.2f} GiB are free" in caught.value.message
    assert advice in caught.value.hint
