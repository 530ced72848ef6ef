"""The bytes of tokens, from how files write them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engine.remote.pieces import byte_level, reader_of, sentencepiece, shares


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("▁def", b" def"),
        ("▁▁", b"  "),
        ("<0x0A>", b"\n"),
        ("<0xE2>", b"\xe2"),
        ("<0x>", b"<0x>"),
        ("é", "é".encode()),
    ],
)
def test_sentencepiece(written, read):
    assert sentencepiece(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ġdef", b" def"),
        ("Ċĉ", b"\n\t"),
        ("Ã©", "é".encode()),
        ("æĹ¥", "日".encode()),
        ("<|fim_pad|>", b"<|fim_pad|>"),
        ("<｜User｜>", b""),
    ],
)
def test_byte_level(written, read):
    assert byte_level(written) == read


def test_every_byte_has_a_letter():
    assert {byte_level(chr(letter)) for letter in range(0x180)} >= {bytes([b]) for b in range(256)}


@pytest.mark.parametrize(
    ("written", "reader"),
    [
        ("▁a▁b", sentencepiece),
        ("a▁b", sentencepiece),
        ("aĠb", byte_level),
        ("a b", None),
        ("", None),
    ],
)
def test_which_way_they_are_written(written, reader):
    assert reader_of(written) is reader


@pytest.mark.parametrize(
    ("texts", "pieces", "counts"),
    [
        (["a b\n", "c"], [b"a", b" b", b"\n", b"c"], [3, 1]),
        (["a b\n", "c"], [b" a", b" b", b"\n", b"c"], [3, 1]),
        (["a\n", "\n", "  b"], [b"a", b"\n\n  ", b"b"], [2, 1, 2]),
        (["", "a", ""], [b" ", b"a"], [0, 2, 0]),
        (["é", "日"], [b"\xc3", b"\xa9", b"\xe6\x97", b"\xa5"], [2, 2]),
        ([], [], []),
        (["ab"], [b"a", b""], None),
        (["ab"], [b"a", b"bcd"], None),
    ],
)
def test_the_tokens_of_many_texts_are_shared_out(texts, pieces, counts):
    assert shares(texts, pieces) == counts


@given(st.lists(st.text(max_size=8), max_size=6), st.data())
def test_no_token_is_lost(texts, data):
    whole = "".join(texts).encode("utf-8", "replace")
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=8)))
    pieces = [piece for a, b in itertools.pairwise([0, *cuts, len(whole)]) if (piece := whole[a:b])]
    counts = shares(texts, pieces)
    assert sum(counts) >= len(pieces)
    assert all(count == 0 for count, text in zip(counts, texts, strict=True) if not text)
