import pytest

from lsp_server.models.filename import bits, parse_file_name, quality


@pytest.mark.parametrize(
    ("file", "family", "parameters", "variant", "quantisation"),
    [
        ("codellama-13b-instruct.Q5_K_M.gguf", "Code Llama", "13B", "instruct", "Q5_K_M"),
        ("codellama-7b.Q4_K_M.gguf", "Code Llama", "7B", "base", "Q4_K_M"),
        ("codellama-34b-python.Q2_K.gguf", "Code Llama", "34B", "python", "Q2_K"),
        ("CodeLlama-7b-Python-hf-Q6_K.gguf", "Code Llama", "7B", "python", "Q6_K"),
        ("codellama-7b.Q4_0.gguf", "Code Llama", "7B", "base", "Q4_0"),
        (
            *("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "Qwen2.5-Coder", "0.5B"),
            *("instruct", "Q4_K_M"),
        ),
        (
            *("qwen2.5-coder-7b-instruct-q5_0-00001-of-00002.gguf", "Qwen2.5-Coder", "7B"),
            *("instruct", "Q5_0"),
        ),
        ("starcoder2-3b.Q8_0.gguf", "StarCoder2", "3B", "base", "Q8_0"),
        (
            "deepseek-coder-6.7b-instruct.Q3_K_L.gguf",
            "DeepSeek-Coder",
            "6.7B",
            "instruct",
            "Q3_K_L",
        ),
        ("codegemma-1.1-7b-it-IQ4_XS.gguf", "CodeGemma", "7B", "instruct", "IQ4_XS"),
        ("Codestral-22B-v0.1-Q4_K_S.gguf", "Codestral", "22B", "base", "Q4_K_S"),
        ("SmolLM2-135M-Instruct-f16.gguf", "SmolLM2", "135M", "instruct", "F16"),
        ("mixtral-8x7b-instruct-v0.1.Q6_K.gguf", "mixtral", "8x7B", "instruct", "Q6_K"),
        ("phi-2.Q3_K_S.gguf", "phi-2", "", "base", "Q3_K_S"),
        ("model.gguf", "model", "", "base", ""),
        ("codellama-13b-instruct-q5_k_m", "Code Llama", "13B", "instruct", "Q5_K_M"),
        (".gguf", "", "", "base", ""),
        ("git-2b.gguf", "git", "2B", "base", ""),
    ],
)
def test_parse(file, family, parameters, variant, quantisation):
    name = parse_file_name(file)
    assert (name.family, name.parameters) == (family, parameters)
    assert (name.variant, name.quantisation) == (variant, quantisation)


@pytest.mark.parametrize(
    ("quantisation", "size", "words"),
    [
        ("Q2_K", 2, "smallest, significant quality loss - not recommended for most purposes"),
        ("q4_k_m", 4, "medium, balanced quality - recommended"),
        ("Q5_K_M", 5, "large, very low quality loss - recommended"),
        ("IQ4_XS", 4, ""),
        ("F16", 16, "not quantised"),
        ("", 0, ""),
    ],
)
def test_quality_in_words(quantisation, size, words):
    assert bits(quantisation) == size
    assert quality(quantisation) == words
