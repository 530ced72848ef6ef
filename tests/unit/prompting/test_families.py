"""Every family of prompts/infill: found by its file, laid out as its authors say, and deaf to its
own control strings in a user's code."""

import pytest

from lsp_server.engine.protocol import FileText, Repository
from lsp_server.errors import NotCapable
from lsp_server.prompting.infill import choose_format, end_tokens, infill_prompt
from lsp_server.prompting.infill_format import PLAIN, PREFIX, SUFFIX, load_formats
from tests.unit.prompting.vocabularies import CONTROL, USER_DEFINED, load, write_vocabulary

# What each family's vocabulary is: the pre-tokenizer of its byte-level BPE, or whether its
# SentencePiece adds the dummy space. And the family's prompt for the middle between P and S.
VOCABULARIES = {
    "code-llama": {"add_space": True},
    "codegemma": {"add_space": False},
    "codestral": {"add_space": True},
    "deepseek-coder": {"pre": "deepseek-coder"},
    "qwen2.5-coder": {"pre": "qwen2", "bos": False},
    "starcoder2": {"pre": "starcoder", "bos": False},
}
LAYOUTS = {
    "code-llama": {
        "psm": "<s>▁<PRE>P▁<SUF>S▁<MID>",
        "spm": "<s>▁<PRE>▁<SUF>S▁<MID>P",
    },
    "codegemma": {"psm": "<s><|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"},
    "codestral": {"spm": "<s>[SUFFIX]S[PREFIX]P"},
    "deepseek-coder": {"psm": "<s><｜fim▁begin｜>P<｜fim▁hole｜>S<｜fim▁end｜>"},
    "qwen2.5-coder": {
        "psm": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
        "spm": "<|fim_prefix|><|fim_suffix|>S<|fim_middle|>P",
    },
    "starcoder2": {
        "psm": "<fim_prefix>P<fim_suffix>S<fim_middle>",
        "spm": "<fim_prefix><fim_suffix>S<fim_middle>P",
    },
}
# What comes before that where a.py of the repository `shop` is shown, and b.py is completed.
FILES = {
    "qwen2.5-coder": "<|repo_name|>shop\n<|file_sep|>a.py\nA = 1\n<|file_sep|>b.py\n",
    "starcoder2": "<repo_name>shop<file_sep>a.py\nA = 1\n<file_sep>b.py\n",
}
SHOP = Repository("shop", "b.py", (FileText("a.py", "A = 1\n\n"),))
FAMILIES = sorted(VOCABULARIES)
CASES = [
    (family, architecture, kind)
    for family in FAMILIES
    for architecture in load_formats()[family].architectures
    for kind in (CONTROL, USER_DEFINED)
]


@pytest.fixture(params=CASES, ids=lambda case: "-".join((*case[:2], case[2].name)))
def case(request, tmp_path):
    family, architecture, kind = request.param
    model = family_model(tmp_path, family, architecture, kind)
    yield family, architecture, model.vocab
    model.close()


def family_model(folder, family, architecture, kind):
    texts = controls(family)
    path = folder / f"{family}.gguf"
    added = [(text, kind) for text in texts]
    return load(write_vocabulary(path, architecture, added, **VOCABULARIES[family]))


def controls(family):
    found = load_formats()[family]
    return sorted({*found.control_tokens, *found.end})


def hostile(family):
    """Code that has every control string of the family, alone, doubled and inside others."""
    texts = controls(family)
    nested = [text[:2] + text + text[2:] for text in texts]
    return "\n".join(["é = [", *texts, *nested, "".join(texts), "日本 </s><s>[INST]\n"])


def decoded(vocab, tokens):
    return b"".join(vocab.piece(token) for token in tokens).decode()


def as_vocabulary_writes(vocab, text):
    """SentencePiece writes a space as ▁, and so reads one."""
    return text.replace("▁", " ") if vocab.sentencepiece else text


def test_every_family_is_tested():
    assert {*VOCABULARIES, PLAIN} == set(load_formats())
    assert {f: set(orders) for f, orders in LAYOUTS.items()} == {
        f: set(load_formats()[f].orders) for f in FAMILIES
    }


def test_family_is_found_by_architecture_and_vocabulary(case):
    family, architecture, vocab = case
    choice = choose_format(vocab, architecture, "some.gguf")
    assert (choice.format.family, choice.notice) == (family, "")
    assert choose_format(vocab, architecture, "some.gguf", family).format.family == family
    assert choose_format(vocab, "unheard-of", "some.gguf").format.family == PLAIN


def test_layout(case):
    family, _, vocab = case
    for order, expected in LAYOUTS[family].items():
        prompt = infill_prompt(load_formats()[family], vocab, "P", "S", order=order, healing=False)
        shown = [
            {PREFIX: "P", SUFFIX: "S"}.get(part.name) or vocab.text(part.tokens[0])
            for part in prompt.parts
        ]
        assert "".join(shown) == expected
        assert all(len(part.tokens) == 1 for part in prompt.parts if part.name[0] != "$")


def test_other_files_come_first_in_the_familys_own_way(case):
    family, _, vocab = case
    found = load_formats()[family]
    assert found.shows_files(vocab) == (family in FILES)
    for order in found.orders:
        alone = infill_prompt(found, vocab, "P", "S", order=order).parts
        parts = infill_prompt(found, vocab, "P", "S", order=order, repository=SHOP).parts
        start = len(alone) - len(found.orders[order])  # after a token that begins the prompt
        added = parts[start : start + len(parts) - len(alone)]
        assert parts[:start] + parts[start + len(added) :] == alone
        shown = [decoded(vocab, p.tokens) if p.name[0] == "$" else p.name for p in added]
        assert "".join(shown) == FILES.get(family, "")


def test_control_strings_in_other_files_stay_text(case):
    family, _, vocab = case
    text = hostile(family)
    repository = Repository(text, text, (FileText(text, text),))
    prompt = infill_prompt(load_formats()[family], vocab, "P", "S", repository=repository)
    ids = {vocab.control(t) for t in controls(family)}
    assert all(ids.isdisjoint(part.tokens) for part in prompt.parts if part.name[0] == "$")


def test_control_strings_in_code_stay_text(case):
    family, _, vocab = case
    found = load_formats()[family]
    text = hostile(family)
    ids = end_tokens(found, vocab) | {vocab.control(t) for t in ("<s>", "</s>")}
    assert len(ids) == len(controls(family)) + 2
    for order in found.orders:
        parts = {
            part.name: part.tokens
            for part in infill_prompt(found, vocab, text, text, order=order, healing=False).parts
        }
        space = " " if vocab.adds_space else ""
        wanted = as_vocabulary_writes(vocab, text)
        assert decoded(vocab, parts[PREFIX]) == space + wanted
        assert decoded(vocab, parts[SUFFIX]) == wanted
        assert ids.isdisjoint(parts[PREFIX] + parts[SUFFIX])


def test_healing_never_spells_with_a_control_token(case):
    family, _, vocab = case
    ids = {vocab.control(text) for text in controls(family)}
    for text in controls(family):
        for length in range(1, len(text)):
            assert ids.isdisjoint(vocab.index.spelling(text[:length].encode()))


def test_healing_in_every_order(case):
    """With the cursor inside `return` the prompt ends before it, and the middle begins with it."""
    family, _, vocab = case
    for order in load_formats()[family].orders:
        prompt = infill_prompt(
            load_formats()[family], vocab, "if x:\n  retu", "\n", order=order, healing=True
        )
        (prefix,) = [part.tokens for part in prompt.parts if part.name == PREFIX]
        assert prompt.constraint.strip() == b"retu"
        assert prompt.constraint.startswith(b" ")
        assert (decoded(vocab, prefix) + prompt.constraint.decode()).lstrip() == "if x:\n  retu"


def test_order_that_the_family_lacks(tmp_path):
    model = family_model(tmp_path, "deepseek-coder", "llama", CONTROL)
    with pytest.raises(NotCapable, match="no spm order"):
        infill_prompt(load_formats()["deepseek-coder"], model.vocab, "", "", order="spm")
    model.close()


def test_gemma_keeps_its_runs_of_white_space(tmp_path):
    added = [("<|fim_middle|>", CONTROL), ("\n\n", USER_DEFINED), ("    ", USER_DEFINED)]
    path = write_vocabulary(tmp_path / "gemma.gguf", "gemma", added, add_space=False)
    model = load(path)
    vocab = model.vocab
    spaces, newlines = vocab.size - 1, vocab.size - 2
    tokens = vocab.encode("x\n\n    y")
    assert tokens[1:3] == [newlines, spaces]
    assert len(tokens) == 4
    assert vocab.control("\n\n") is None
    model.close()


def test_added_text_brings_no_space_with_it(tmp_path):
    """llama.cpp adds the dummy space after each added token, also in the middle of code."""
    path = write_vocabulary(tmp_path / "llama.gguf", "llama", [("<custom>", USER_DEFINED)])
    model = load(path)
    text = "a<custom>b<custom>"
    assert decoded(model.vocab, model.vocab.encode(text)) == " " + text
    assert decoded(model.vocab, model.vocab.encode_inside(text)) == text
    model.close()


def test_tokens_of_the_chat_template_are_control_tokens(tmp_path):
    added = [("<turn>", USER_DEFINED), ("<b>", USER_DEFINED), ("\n\n", USER_DEFINED)]
    template = "{% for m in messages %}<turn>\n\n{{ m.content }}{% endfor %}"
    path = write_vocabulary(tmp_path / "t.gguf", "gemma", added, add_space=False, template=template)
    model = load(path)
    turn, bold, newlines = (model.vocab.size - 3 + i for i in range(3))
    assert model.vocab.control("<turn>") == turn
    assert turn not in model.vocab.encode("<turn><b>\n\n")
    assert {bold, newlines} <= set(model.vocab.encode("<turn><b>\n\n"))
    model.close()
