"""What holds the shown part of a file is shown with it: `⋮` stands for more than fits."""

import pytest

from lsp_server.context.syntax import parse
from lsp_server.context.trim import infill_window
from tests.unit.context.marks import count_tokens, snapshot, with_cursor

# (language, marked text, what is missing at the cursor, what the window begins and ends with)
CASES = {
    "a function that is called at once": (
        "javascript",
        "var a = function (x) {\n⋮  b(‸);\n⋮}();\n",
        "",
        "var a = function (x) {\n",
        "\n}();\n",
    ),
    "one call of a chain": (
        "javascript",
        "a()\n  .b(function () {\n⋮    c(‸);\n⋮  })\n  .d(function () {\n⋮  });\n",
        "",
        "a()\n  .b(function () {\n",
        "\n  })\n",
    ),
    "the first of two branches": (
        "java",
        "class A {\n  void f() {\n    if (a) {\n⋮      c(‸);\n⋮    } else {\n⋮    }\n  }\n}\n",
        "",
        "class A {\n  void f() {\n    if (a) {\n",
        "\n    }\n  }\n}\n",
    ),
    "the second of two branches": (
        "java",
        "class A {\n  void f() {\n    if (a) {\n⋮    } else {\n⋮      c(‸);\n⋮    }\n  }\n}\n",
        "",
        "class A {\n  void f() {\n    if (a) {\n    } else {\n",
        "\n    }\n  }\n}\n",
    ),
    "a try": (
        "python",
        "def f():\n    try:\n⋮        b(‸)\n⋮    except A as e:\n⋮        b()\n",
        "",
        "def f():\n    try:\n",
        "\n    except A as e:\n        ...\n",
    ),
    "a try in brackets": (
        "java",
        "class A {\n  void f() {\n    try {\n⋮      b(‸);\n⋮    } catch (C c) {\n⋮    }\n  }\n}\n",
        "",
        "class A {\n  void f() {\n    try {\n",
        "\n    } catch (C c) { /* ... */ }\n  }\n}\n",
    ),
    "tags": (
        "html",
        '<html>\n<body\n  class="a"\n>\n⋮  <p>‸</p>\n⋮</body>\n</html>\n',
        "",
        '<html>\n<body\n  class="a"\n>\n',
        "\n</body>\n</html>\n",
    ),
    "tags in code": (
        "typescriptreact",
        'const A = () => (\n  <B\n    c="d"\n  >\n⋮    <p>‸</p>\n⋮  </B>\n);\n',
        "",
        'const A = () => (\n  <B\n    c="d"\n  >\n',
        "\n  </B>\n);\n",
    ),
    "a table in a list in a call": (
        "lua",
        "setup({\n  a = {\n⋮    {‸},\n⋮  },\n})\n",
        "",
        "setup({\n  a = {\n",
        "\n  },\n})\n",
    ),
    "a directive": (
        "c",
        "#ifdef A\nint f(void) {\n⋮  c(‸);\n⋮}\n#endif\n",
        "",
        "#ifdef A\nint f(void) {\n",
        "\n}\n#endif\n",
    ),
    # The tree of what is still to be written knows little: the indentation does.
    "a method whose head is to be written": (
        "java",
        "class A {\n  static class B {\n⋮    ‸\n      return 1;\n    }\n⋮  }\n}\n",
        "int f() {",
        "class A {\n  static class B {\n",
        "\n  }\n}\n",
    ),
    "a block without its end": (
        "rust",
        "mod a {\n    impl B {\n        fn f() {\n⋮            if x {‸\n⋮        }\n    }\n}\n",
        " }",
        "mod a {\n    impl B {\n        fn f() {\n",
        "\n        }\n    }\n}\n",
    ),
    "a call without its end": (
        "javascript",
        "describe('a', function () {\n  it('b', function () {\n⋮    c(d(‸\n⋮  })\n})\n",
        "))",
        "describe('a', function () {\n  it('b', function () {\n",
        "\n  })\n})\n",
    ),
    "one case of several": (
        "c",
        "int f(void) {\n  switch (a) {\n  case 1:\n⋮    c(d(‸\n⋮    break;\n  default:\n⋮  }\n}\n",
        "));",
        "int f(void) {\n  switch (a) {\n  case 1:\n",
        "\n  }\n}\n",
    ),
    "a head that is being changed": (
        "java",
        "class A {\n  void f() {\n⋮    if (a‸) {\n      b = c;\n    }\n⋮  }\n}\n",
        "",
        "class A {\n  void f() {\n",
        "\n  }\n}\n",
    ),
    # To the parser of Ruby an `end` too many is a name.
    "a block of which only the end is there": (
        "ruby",
        "class A\n  def f\n⋮    b c‸\n      d\n    end\n⋮  end\nend\n",
        " do",
        "class A\n  def f\n",
        "\n  end\nend\n",
    ),
    "a function with parameters on lines of their own": (
        "typescript",
        "class A {\n  b(\n    c: number,\n  ): void {\n⋮    if (b‸\n⋮  }\n}\n",
        ") {}",
        "class A {\n  b(\n    c: number,\n  ): void {\n",
        "\n  }\n}\n",
    ),
    "code behind a text that stands further left": (
        "csharp",
        'class A {\n  void F() {\n    a = @"{\n}";\n⋮    if (b‸\n⋮  }\n}\n',
        ") {}",
        "class A {\n  void F() {\n",
        "\n  }\n}\n",
    ),
}
# (language, what encloses all, a statement of many lines with `⋮` for most of them, an end)
LONG = {
    "a sum": ("java", "class A {\n", "  int a = b\n⋮      + c;\n", "}\n"),
    "a chain": ("rust", "fn f() {\n", "  a()\n⋮      .c();\n", "}\n"),
    "a try": ("javascript", "function f() {\n", "  try {\n⋮  } finally {\n  }\n", "}\n"),
    "a condition": ("go", "func f() {\n", "  if a &&\n⋮      c {\n  }\n", "}\n"),
    "a head": ("cpp", "struct A {\n", "  void f(\n⋮      int c) {\n  }\n", "};\n"),
}
NEAR = {"java": "  int b;\n", "cpp": "  int b;\n"}
MORE = {"java": "+ b", "rust": ".b()", "javascript": "a();", "go": "b &&", "cpp": "int b,"}
FILLING = {
    "lua": "{ 1 },\n",
    "java": "int b;\n",
    "html": "<i>b</i>\n",
    "typescriptreact": "<i>b</i>\n",
}


@pytest.mark.parametrize("case", CASES)
def test_what_holds_the_cursor_is_shown(case):
    language, marked, written, begin, end = CASES[case]
    document, offset = with_cursor(_filled(marked, language), language)
    shown = infill_window(document, offset, 300, count_tokens)
    text = shown.prefix + written + shown.suffix
    assert text.startswith(begin)
    assert text.endswith(end)
    assert parse(snapshot(text, language)).error_count() == 0


@pytest.mark.parametrize("case", LONG)
@pytest.mark.parametrize("budget", range(120, 240, 10))
def test_no_statement_below_is_cut(case, budget):
    language, begin, statement, end = LONG[case]
    near = NEAR.get(language, "  b();\n")
    statement = statement.replace("⋮", f"      {MORE[language]}\n" * 40)
    document, offset = with_cursor(f"{begin}{near * 40}‸\n{near * 8}{statement}{end}", language)
    shown = infill_window(document, offset, budget, count_tokens)
    assert shown.suffix.startswith("\n" + near)
    assert parse(snapshot(begin + shown.suffix, language)).error_count() == 0


def _filled(marked: str, language: str) -> str:
    """With lines in the place of each `⋮`, as far to the right as the cursor's."""
    line = next(line for line in marked.split("\n") if "‸" in line).lstrip("⋮")
    indent = line[: len(line) - len(line.lstrip())]
    return marked.replace("⋮", (indent + FILLING.get(language, "b = c;\n")) * 60)


@pytest.mark.parametrize("budget", range(120, 240, 10))
def test_of_a_long_docstring_a_part_is_shown_between_its_quotes(budget):
    docstring = '    """What it does.\n\n' + "    And more of it.\n" * 60 + '    """\n'
    text = f"def f():\n{docstring}    a = ‸\n\n\ndef g():\n{docstring}    return 1\n"
    document, offset = with_cursor(text)
    shown = infill_window(document, offset, budget, count_tokens)
    assert shown.prefix.startswith('def f():\n    """What it does.\n    And more')
    assert shown.prefix.endswith('And more of it.\n    """\n    a = ')
    assert parse(snapshot(shown.prefix + "0" + shown.suffix)).error_count() == 0
