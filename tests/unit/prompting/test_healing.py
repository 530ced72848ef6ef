"""Token healing: what is dropped and what may spell it, on Llama 2's real vocabulary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.prompting.healing import PieceIndex, heal
from lsp_server.prompting.infill import infill_prompt
from lsp_server.prompting.infill_format import load_formats

WORDS = ["return", "def f(", "x", "_name", "==", "(", ")", "[", "1_000", "getUserById", "#"]
SPACES = [" ", "  ", "    ", "\t", "\t\t", "\n", "\n\n", "\r\n"]
OTHERS = ["'é'", "日本", "👩‍💻", "</s>", "<PRE>", "▁<MID>", "\x00"]
CODE = st.lists(st.sampled_from([*WORDS, *SPACES, *OTHERS]), max_size=12).map("".join)
TEXT = st.one_of(CODE, st.text(max_size=30))
PIECES = st.lists(st.binary(max_size=4), max_size=40)


@pytest.fixture(scope="module")
def vocab(llama2_model):
    return llama2_model.vocab


def spelled(vocab, tokens):
    return b"".join(vocab.piece(token) for token in tokens)


@given(pieces=PIECES, text=st.binary(min_size=1, max_size=5))
def test_spelling_equals_a_search_of_all_pieces(pieces, text):
    found = PieceIndex(pieces).spelling(text)
    assert sorted(found) == [
        i
        for i, piece in enumerate(pieces)
        if piece and (piece.startswith(text) or text.startswith(piece))
    ]


@pytest.mark.parametrize("text", [b"\xff", b"\xff\xff", b"a\xff", b"a\xff\xff"])
def test_spelling_at_the_end_of_the_byte_order(text):
    pieces = [b"\xff", b"\xff\xff", b"\xff\xff\xff", b"a\xff", b"a\xff\xff\x01", b"b", b"a"]
    assert set(PieceIndex(pieces).spelling(text)) == {
        i for i, p in enumerate(pieces) if p.startswith(text) or text.startswith(p)
    }


@given(text=TEXT)
def test_nothing_is_lost_and_little_is_dropped(vocab, text):
    tokens = vocab.encode(text)
    healed = heal(tokens, vocab)
    assert healed.tokens == tokens[: len(healed.tokens)]
    assert spelled(vocab, healed.tokens) + healed.dropped == spelled(vocab, tokens)
    assert len(tokens) - len(healed.tokens) <= 4


@given(text=TEXT)
def test_nothing_is_dropped_after_a_newline(vocab, text):
    assert heal(vocab.encode(text + "\n"), vocab).dropped == b""


@given(text=TEXT.filter(bool))
def test_dropped_text_can_be_spelled_as_it_was(vocab, text):
    """Each dropped token is among those that may spell what is left, so there is no dead end."""
    tokens = vocab.encode(text)
    healed = heal(tokens, vocab)
    left = healed.dropped
    for token in tokens[len(healed.tokens) :]:
        assert token in vocab.index.spelling(left)
        left = left[len(vocab.piece(token)) :]
    assert left == b""


@given(text=TEXT, suffix=TEXT)
@pytest.mark.parametrize("order", ["psm", "spm"])
def test_prompt_and_constraint_together_are_the_prefix(tiny_model, order, text, suffix):
    vocab = tiny_model.vocab
    prompt = infill_prompt(
        load_formats()["code-llama"], vocab, text, suffix, order=order, healing=True
    )
    parts = {part.name: part.tokens for part in prompt.parts}
    dummy = " " if text or order == "spm" else ""
    written = (dummy + text).replace("▁", " ").encode()
    assert spelled(vocab, parts["$prefix"]) + prompt.constraint == written
    assert spelled(vocab, parts["$suffix"]) == suffix.replace("▁", " ").encode()


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("", b""),
        ("ret", b" ret"),  # with the dummy space
        ("if x:\n    ret", b" ret"),
        ("if x:\n    retu", b" retu"),
        ("if x:\n    ", b"    "),
        ("if x:\n\t\tret", b"\tret"),
        ("if x:\n\t\t", b"\t"),
        ("x = ", b" "),
        ("x =", b" ="),
        ("x = f(a, b", b" b"),
        ("x = f(a,\n", b""),
        ("x = f(a,\r\n", b""),
        ("x = 'é", " 'é".encode()),
        ("☕", " ☕".encode()),
        ("x = '👩‍💻", "💻".encode()),  # an emoji's four bytes are a token each
    ],
)
def test_what_is_dropped(vocab, text, dropped):
    assert heal(vocab.encode(text), vocab).dropped == dropped


def test_in_psm_the_first_token_stays(tiny_model):
    """Its dummy space would become part of the middle."""
    prompt = infill_prompt(
        load_formats()["code-llama"], tiny_model.vocab, "ret", "", order="psm", healing=True
    )
    assert prompt.constraint == b""


def test_half_an_emoji(vocab):
    """An editor may send a lone surrogate while it is typed."""
    assert spelled(vocab, vocab.encode("x \ud83d")) == b" x ?"
