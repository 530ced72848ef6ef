"""Examples of use that nobody asked for are taken out."""

import pytest

from lsp_server.actions.demonstration import without_demonstration
from lsp_server.context.languages import language_of

ADD = "def add(a, b):\n    return a + b"
JS_ADD = "function add(a, b) {\n  return a + b;\n}"


@pytest.mark.parametrize(
    "tail",
    [
        "\n\n# Example usage\nprint(add(1, 2))",
        "\n\n# Example usage:\nresult = add(1, 2)\nadd(result, 3)",
        "\n\nprint(add(1, 2))  # 3",
        "\n\nresult = add(1, 2)\nprint(result)",
        "\n\n# 3 is printed\nprint(add(1, 2))",
        "\n\nif __name__ == '__main__':\n    print(add(1, 2))",
        "\n\n# Test cases\nassert add(1, 2) == 3",
        "\n\nassert add(1, 2) == 3\nassert add(0, 0) == 0",
    ],
)
def test_python(tail):
    python = language_of("python", "")
    assert without_demonstration(ADD + tail, python, "# The sum of two numbers.", "") == ADD


@pytest.mark.parametrize(
    "tail",
    [
        "\n\n// Example usage\nconsole.log(add(1, 2));",
        "\n\nconsole.log(add(1, 2)); // 3",
        "\n\nconst result = add(1, 2);\nconsole.log(result);",
        "\n\n// Usage:\nadd(1, 2);",
    ],
)
def test_javascript(tail):
    javascript = language_of("javascript", "")
    assert without_demonstration(JS_ADD + tail, javascript, "// Adds.", "") == JS_ADD


@pytest.mark.parametrize(
    ("code", "source", "wish"),
    [
        pytest.param("print(1)\nprint(2)", "# two numbers", "", id="nothing is defined"),
        pytest.param(f"{ADD}\n\nprint(add(1, 2))", "# print a sum", "", id="a comment asks"),
        pytest.param(f"{ADD}\n\nprint(add(1, 2))", "# a sum", "with an example", id="a wish"),
        pytest.param(
            f"{ADD}\n\nprint(add(1, 2))", f"{ADD}\n\nprint(add(1, 3))", "", id="the code has one"
        ),
        pytest.param(f"{ADD}\n\nTOTAL = add(1, 2)", "# a sum", "", id="a value is kept"),
        pytest.param(f"{ADD}\n\nregister(add)", "# a sum", "", id="a call that may be meant"),
        pytest.param("def f():\n    # Example\n    print(1)", "# a", "", id="within the function"),
    ],
)
def test_what_stays(code, source, wish):
    assert without_demonstration(code, language_of("python", ""), source, wish) == code


def test_a_word_in_a_docstring_is_no_request():
    source = 'def add(a, b):\n    """Prints no sum. Example: add(1, 2)"""'
    code = f"{ADD}\n\nprint(add(1, 2))"
    assert without_demonstration(code, language_of("python", ""), source, "") == ADD


def test_exports_and_unknown_languages_stay():
    code = f"{JS_ADD}\n\nmodule.exports = {{ add }};"
    assert without_demonstration(code, language_of("javascript", ""), "// Adds.", "") == code
    assert without_demonstration("f = 1\nprint(f)", None, "", "") == "f = 1\nprint(f)"


def test_text_beyond_ascii_is_cut_at_the_right_place():
    code = "def grüße():\n    return 'ß👩‍💻'"
    full = f"{code}\n\nprint(grüße())"
    assert without_demonstration(full, language_of("python", ""), "# grüße", "") == code
