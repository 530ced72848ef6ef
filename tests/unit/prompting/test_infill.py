"""Which order a prompt takes."""

import pytest

from lsp_server.prompting.infill import infill_prompt
from lsp_server.prompting.infill_format import load_formats


@pytest.mark.parametrize(
    ("prefix", "healing", "order"),
    [
        ("a = 1\n", None, "spm"),
        ("a = val", None, "spm"),  # healing keeps it
        ("a = 1\n", False, "spm"),  # at a token boundary it needs none
        ("", False, "spm"),
        ("a = val", False, "psm"),
        ("a = ", False, "psm"),
    ],
)
def test_psm_where_spm_would_end_with_half_a_word(tiny_model, prefix, healing, order):
    code_llama = load_formats()["code-llama"]
    assert infill_prompt(code_llama, tiny_model.vocab, prefix, "\n", healing=healing).order == order
