"""Texts that begin as an earlier one did: encoded in part, with the tokens of the whole."""

import inspect
import textwrap
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.engine.llama import earlier
from lsp_server.engine.llama.earlier import Earlier

CODE = inspect.getsource(textwrap)[:6000]
MODELS = ["tiny_model", "llama2_model", "qwen_model"]


class Letters:
    """A tokenizer whose tokens are code points; it keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def encode(self, text):
        self.asked.append(text)
        return [ord(letter) for letter in text]

    def earlier(self):
        return Earlier(self.encode, self.encode, lambda token: chr(token).encode())


def test_only_what_comes_before_the_change_is_not_encoded_again():
    letters = Letters()
    encoded = letters.earlier()
    text = "word " * 200
    encoded.encode(text)
    assert encoded.encode(text + "more") == [ord(letter) for letter in text + "more"]
    assert letters.asked[0] == text
    assert letters.asked[1].endswith(" word more")
    assert len(letters.asked[1]) < 80


def test_the_same_text_is_not_encoded_again():
    letters = Letters()
    encoded = letters.earlier()
    text = "word " * 200
    assert encoded.encode(text) == encoded.encode(text)
    assert letters.asked == [text]


def test_what_is_given_is_not_what_is_kept():
    encoded = Letters().earlier()
    text = "word " * 200
    encoded.encode(text).clear()
    assert len(encoded.encode(text)) == len(text)


def test_tokens_that_come_out_otherwise_are_not_trusted():
    """A tokenizer for which it matters how long the text is."""

    def by_length(text):
        return [len(text) % 7 * 1000 + ord(letter) for letter in text]

    encoded = Earlier(by_length, by_length, lambda token: chr(token % 1000).encode())
    encoded.encode("word " * 200)
    text = "word " * 200 + "more"
    assert encoded.encode(text) == by_length(text)


_EDITS = st.lists(
    st.tuples(
        st.integers(0, len(CODE)),
        st.integers(0, 3),
        st.text(alphabet="ab_( \n\t;)é日😀<|>", max_size=6)
        | st.sampled_from(["return", "\n\n    "]),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=60)
@given(edits=_EDITS)
def test_real_vocabularies_give_the_tokens_of_the_whole(request, model, edits):
    vocab = request.getfixturevalue(model).vocab
    text = CODE
    for at, gone, new in edits:
        text = text[:at] + new + text[at + gone :]
        for encode in (vocab.encode, vocab.encode_inside):
            for shown in (text, text[: at + len(new)]):
                assert encode(shown) == anew(encode, shown)


def anew(encode, text):
    """The tokens by a tokenizer that knows of no earlier text."""
    with patch.object(earlier, "_SHORT", len(text) + 1):
        return encode(text)
