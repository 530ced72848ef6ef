"""The bytes of tokens, from how files write them."""

import pytest

from lsp_server.engine.remote.pieces import byte_level, reader_of, sentencepiece


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
