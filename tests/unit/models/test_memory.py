from types import SimpleNamespace

import psutil
import pytest

from lsp_server.errors import NotEnoughMemory
from lsp_server.models.gguf import GgufMetadata
from lsp_server.models.memory import (
    ContextSize,
    MemoryNeed,
    check_fits,
    compute_bytes,
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


@pytest.mark.parametrize(
    ("model", "n_cells", "n_ubatch", "reported_mib"),
    [
        (QWEN_05B, 8192, 128, 11.30),
        (QWEN_05B, 8192, 512, 44.02),
        (CODE_LLAMA_7B, 8192, 128, 27.15),
        (CODE_LLAMA_7B, 32768, 128, 33.38),
        (CODE_LLAMA_13B, 8192, 512, 130.52),
    ],
)
def test_compute_buffer_is_what_llama_cpp_reports(model, n_cells, n_ubatch, reported_mib):
    found = compute_bytes(model, ContextSize(n_cells, n_ubatch))
    assert found / MIB == pytest.approx(reported_mib, rel=0.001)


def test_logits_need_room_even_for_tiny_batches():
    compute = compute_bytes(QWEN_05B, ContextSize(256, 1))
    assert compute == output_bytes(QWEN_05B) == 4 * 7 * 151936


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
