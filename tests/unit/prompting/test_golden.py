"""Code Llama's prompts, id for id as Meta's reference makes them with SentencePiece."""

import json
from pathlib import Path

import pytest

from lsp_server.engine.protocol import Message
from lsp_server.prompting.chat import Llama2Chat, chat_format_for
from lsp_server.prompting.infill import choose_format, end_tokens, infill_prompt
from lsp_server.prompting.infill_format import load_formats
from tests.unit.engine.tiny import INFILL
from tests.unit.prompting.vocabularies import NORMAL, load, write_vocabulary

DATA = Path(__file__).parents[2] / "data"


def lines(name):
    with (DATA / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(params=["tiny_model", "llama2_model"])
def vocab(request):
    """Code Llama's own vocabulary, and Llama 2's, for which the format file has the ids."""
    return request.getfixturevalue(request.param).vocab


@pytest.mark.parametrize("order", ["psm", "spm"])
def test_infill_equals_the_reference(vocab, order):
    code_llama = load_formats()["code-llama"]
    for pair in lines("infill.jsonl"):
        prompt = infill_prompt(
            code_llama, vocab, pair["prefix"], pair["suffix"], order=order, healing=False
        )
        assert prompt.tokens == pair[order], pair
        assert prompt.constraint == b""


def test_chat_equals_the_reference(vocab):
    chat = chat_format_for(None, "codellama-7b-instruct")
    assert isinstance(chat, Llama2Chat)
    for example in lines("chat.jsonl"):
        messages = [Message(**message) for message in example["messages"]]
        assert chat.encode(messages, vocab) == example["tokens"], example


def test_spm_with_healing_is_the_default_and_only_drops_from_the_end(tiny_model):
    vocab = tiny_model.vocab
    choice = choose_format(vocab, "llama", "codellama-7b")
    assert (choice.format.family, choice.notice) == ("code-llama", "")
    for pair in lines("infill.jsonl"):
        prompt = infill_prompt(choice.format, vocab, pair["prefix"], pair["suffix"])
        assert prompt.order == "spm"
        assert prompt.tokens == pair["spm"][: len(prompt.tokens)]
        dropped = b"".join(vocab.piece(token) for token in pair["spm"][len(prompt.tokens) :])
        # Before an empty prefix there is the dummy space, which the middle begins with.
        assert prompt.constraint == (dropped if pair["prefix"] else b" ")


def test_eot_ends_a_middle(tiny_model, llama2_model):
    code_llama = load_formats()["code-llama"]
    for model in (tiny_model, llama2_model):
        assert end_tokens(code_llama, model.vocab) == set(INFILL)


def test_old_file_that_types_the_infill_tokens_as_normal(tmp_path):
    """As the first conversions of Code Llama did; they name no infill ids either."""
    added = [(text, NORMAL) for text in INFILL.values()]
    model = load(write_vocabulary(tmp_path / "old.gguf", "llama", added, first_added=32007))
    choice = choose_format(model.vocab, "llama", "codellama-7b.Q4_K_M.gguf")
    assert choice.format.family == "code-llama"
    assert end_tokens(choice.format, model.vocab) == set(INFILL)
    model.close()
