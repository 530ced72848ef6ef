"""Which format a model gets: by itself, by hand, or none with a word about it."""

import pytest

from lsp_server.engine.llama.roles import infill_choice
from lsp_server.errors import NotCapable
from lsp_server.prompting.infill import choose_format, infill_prompt
from tests.unit.engine.tiny import INFILL
from tests.unit.prompting.vocabularies import CONTROL, load, write_vocabulary

CODE_LLAMA = [(text, CONTROL) for text in INFILL.values()]


@pytest.fixture
def choose(tmp_path):
    """infill_choice for a small file made to order."""
    models = []

    def made(file_name, added=CODE_LLAMA, family="auto", architecture="llama", **metadata):
        path = write_vocabulary(tmp_path / file_name, architecture, added, **metadata)
        models.append(load(path))
        return infill_choice(models[-1], path, family), models[-1].vocab

    yield made
    for model in models:
        model.close()


@pytest.mark.parametrize(
    ("file_name", "metadata"),
    [
        ("codellama-7b.Q4_K_M.gguf", {}),
        ("codellama-13b-instruct.Q5_K_M.gguf", {"n_layer": 40}),
        ("codellama-70b-hf.Q4_K_M.gguf", {"n_layer": 80}),
        ("renamed.gguf", {"name": "codellama_codellama-7b-hf"}),
    ],
)
def test_code_llama_that_infills(choose, file_name, metadata):
    choice, _ = choose(file_name, **metadata)
    assert (choice.format.family, choice.notice) == ("code-llama", "")


@pytest.mark.parametrize(
    ("file_name", "metadata", "reason"),
    [
        ("codellama-34b.Q4_K_M.gguf", {"n_layer": 48}, "this size"),
        ("codellama-34b-instruct.Q4_K_M.gguf", {"n_layer": 48}, "this size"),
        ("codellama-70b-instruct.Q4_K_M.gguf", {"n_layer": 80}, "this size"),
        ("codellama-7b-python.Q4_K_M.gguf", {}, "Python"),
        ("renamed.gguf", {"n_layer": 48}, "this size"),
        ("renamed.gguf", {"name": "codellama_codellama-13b-python-hf"}, "Python"),
    ],
)
def test_code_llama_that_does_not_infill(choose, file_name, metadata, reason):
    with pytest.raises(NotCapable, match=reason) as caught:
        choose(file_name, **metadata)
    assert file_name in caught.value.message
    assert "codellama-7b" in caught.value.hint
    assert "codellama-13b" in caught.value.hint


def test_unknown_family_completes_the_prefix_and_says_so(choose):
    choice, vocab = choose("story-teller.gguf", [])
    assert choice.format.family == "plain"
    assert "story-teller.gguf" in choice.notice
    assert "codellama-7b" in choice.notice
    prompt = infill_prompt(choice.format, vocab, "x = ", "\ny = 1\n", healing=False)
    assert [part.name for part in prompt.parts] == ["BOS", "$prefix"]


def test_tokens_of_a_family_in_a_foreign_architecture_are_not_guessed_at(choose):
    choice, _ = choose("new.gguf", architecture="falcon")
    assert choice.format.family == "plain"
    assert "falcon" in choice.notice


def test_family_by_hand(choose):
    choice, _ = choose("new.gguf", architecture="falcon", family="code-llama", first_added=32007)
    assert (choice.format.family, choice.notice) == ("code-llama", "")
    choice, _ = choose("new.gguf", family="plain")
    assert choice.format.family == "plain"


def test_family_by_hand_whose_tokens_are_missing(choose):
    with pytest.raises(
        NotCapable, match=r"new.gguf is no starcoder2 model.*<fim_middle>"
    ) as caught:
        choose("new.gguf", family="starcoder2")
    assert "auto" in caught.value.hint


def test_vocabulary_that_ends_before_the_ids_of_the_format(choose, llama2_model):
    assert choose_format(llama2_model.vocab, "llama", "vocab", "code-llama")  # for `prompt`
    with pytest.raises(NotCapable, match="ends before"):
        choose("llama-2-7b.gguf", [], family="code-llama")


def test_unknown_name(choose):
    with pytest.raises(NotCapable, match="no family 'codelama'") as caught:
        choose("new.gguf", family="codelama")
    assert "code-llama" in caught.value.hint


def test_plain_keeps_half_a_word_where_nothing_else_begins_the_prompt(choose):
    choice, vocab = choose("gpt.gguf", [], architecture="gpt2", pre="gpt-2", bos=False)
    prompt = infill_prompt(choice.format, vocab, "retu", "")
    assert prompt.tokens == vocab.encode("retu")
    assert prompt.constraint == b""
    assert infill_prompt(choice.format, vocab, "", "").tokens == []
