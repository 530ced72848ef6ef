"""What of a model's middle is shown, in marked text.

`‸` is the cursor. In a document, `«»` holds what the suggestion is expected to replace.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.completion.place import Place
from lsp_server.completion.postprocess import CONTROL, Suggestion, clean, cut_control, cut_loop
from lsp_server.context.languages import LANGUAGES
from lsp_server.context.scope import Shape, shape_at
from lsp_server.context.syntax import parse_text, reparsed
from lsp_server.documents import DocumentSnapshot

BY_NAME = {language.name: language for language in LANGUAGES}


def place_of(name: str, marked: str, shape: Shape | None = None) -> Place:
    before, after = marked.replace("«", "").replace("»", "").split("‸")
    language = BY_NAME.get(name)
    snapshot = DocumentSnapshot(
        "untitled:1", 1, language.ids[0] if language else "", before + after
    )
    return Place(before, after, shape or shape_at(snapshot, len(before)), language)


def cleaned(name: str, marked: str, middle: str, shape: Shape | None = None) -> str | None:
    """The document with the suggestion in it; checks what it replaces."""
    place = place_of(name, marked, shape)
    suggestion = clean(place, middle)
    if suggestion is None:
        return None
    replaced = marked.partition("«")[2].partition("»")[0]
    assert place.after[: suggestion.replaces] == replaced
    return place.before + suggestion.text + place.after[suggestion.replaces :]


LINES = {
    "one line is cut to the line": (
        "python",
        "x = ‸\ny = 2\n",
        "foo(1)\nz = 3\n",
        "x = foo(1)\ny = 2\n",
    ),
    "the rest of a word": ("python", "def f(x):\n    ret‸", "urn x\n", "def f(x):\n    return x"),
    "a second space is not doubled": ("python", "x = ‸\n", " 55", "x = 55\n"),
    "one character that is no single key": ("python", "x = '日‸'\n", "本", "x = '日本'\n"),
    "a needed space stays": ("python", "x =‸\n", " 55", "x = 55\n"),
    "a complete line is followed by the next": (
        "python",
        "def f(a):\n    b = a‸\n",
        "\n    return b\n    c\n",
        "def f(a):\n    b = a\n    return b\n",
    ),
    "what follows on the line is not repeated": (
        "python",
        "x = foo(‸a, b)\n",
        "c, a, b)\n",
        "x = foo(c, a, b)\n",
    ),
    "what follows is not repeated, with more behind it": (
        "typescript",
        "const y = ‸ + offset;\n",
        "base + offset; // sum",
        "const y = base + offset;\n",
    ),
    "a space before what follows stays": ("c", "f(‸a);\n", "b, ", "f(b, a);\n"),
    "inside a word": (
        "python",
        "try:\n    f()\nex‸r:\n    g()\n",
        "cept OSError:\n",
        "try:\n    f()\nexcept OSError:\n    g()\n",
    ),
    "only the start of what follows": (
        "python",
        "total = ‸self.rate * days\n",
        "2 * self.rate",
        "total = 2 * self.rate * days\n",
    ),
    "comment": ("python", "# Adds ‸\nx = 1\n", "two numbers\nx = 2", "# Adds two numbers\nx = 1\n"),
    "docstring": (
        "python",
        'def f():\n    """‸«"""»\n    pass\n',
        'Return nothing."""\n    x',
        'def f():\n    """Return nothing."""\n    pass\n',
    ),
    "docstring without its end": (
        "python",
        'def f():\n    """‸"""\n    pass\n',
        "Return nothing.\n\n    More.",
        'def f():\n    """Return nothing."""\n    pass\n',
    ),
    "an own open string is closed": ("python", "x = ‸\n", '"abc', 'x = "abc"\n'),
    "another's open string is not": ("python", 'x = "a‸\n', "bc", 'x = "abc\n'),
}

CLOSERS = {
    "argument": ("python", "print(‸)", '"a"', 'print("a")'),
    "argument with closer": ("python", "print(‸«)»", '"a")\nprint(2)', 'print("a")'),
    "own call closed": ("python", "print(‸)", "str(1)", "print(str(1))"),
    "own call and closer": ("python", "print(‸«)»", "str(1))", "print(str(1))"),
    "own call left open": ("python", "print(‸)", "str(1", "print(str(1))"),
    "a closer too many": ("python", "print(‸«)»\n", "1))", "print(1)\n"),
    "two closers": ("python", "foo(bar(‸«))»", "x), y)", "foo(bar(x), y)"),
    "one of two closers": ("python", "foo(bar(‸«)»)", "x), y", "foo(bar(x), y)"),
    "none of two closers": ("python", "foo(bar(‸))", "xy", "foo(bar(xy))"),
    "with semicolon": ("typescript", "foo(‸«);»\n", "a);", "foo(a);\n"),
    "semicolon not repeated": ("typescript", "foo(‸«)»;\n", "a)", "foo(a);\n"),
    "only the semicolon": ("typescript", "const a = ‸«;»\n", "b;", "const a = b;\n"),
    "quotes": ("python", 'print("‸")', "hello", 'print("hello")'),
    "quote repeated": ("python", 'print("‸«"»)', 'hello"', 'print("hello")'),
    "quote and bracket repeated": ("python", 'print("‸«")»', 'hello")', 'print("hello")'),
    "string closed and another opened": ("python", 'x = "‸"\n', 'a" + "b', 'x = "a" + "b"\n'),
    "index": ("go", "x := a[‸«]»\n", "i]", "x := a[i]\n"),
    "no closer yet": ("python", "print(‸\n", '"a")', 'print("a")\n'),
    "closer below": ("python", "foo(\n    a, ‸\n)\n", "bc)", "foo(\n    a, bc\n)\n"),
    "header": ("c", "if (x‸«) {»\n  y();\n}\n", " > 1) {\n  z();", "if (x > 1) {\n  y();\n}\n"),
    "header above its body": (
        "go",
        "func f() {\n\tif g(‸«)»\n\t\th()\n\t}\n}\n",
        "x) {\n",
        "func f() {\n\tif g(x) {\n\t\th()\n\t}\n}\n",
    ),
    "header without its body": (
        "c",
        "void f() {\n  if (‸«)»\n}\n",
        "x > 1) {\n",
        "void f() {\n  if (x > 1) {\n}\n",
    ),
    "header with a comment": (
        "c",
        "void f() {\n  if (‸«)»\n    g();\n  }\n}\n",
        "x) { // for g\n",
        "void f() {\n  if (x) { // for g\n    g();\n  }\n}\n",
    ),
    "header above its own bracket": (
        "csharp",
        "class A\n{\n    ‸\n    {\n        f();\n    }\n}\n",
        "public void B() {\n",
        "class A\n{\n    public void B()\n    {\n        f();\n    }\n}\n",
    ),
    "header above a statement": (
        "c",
        "void f() {\n  ‸\n    g();\n}\n",
        "if (x) {\n",
        "void f() {\n  if (x)\n    g();\n}\n",
    ),
    "header above a block that is closed": (
        "c",
        "void f() {\n  ‸\n    g();\n  }\n}\n",
        "if (x) {\n",
        "void f() {\n  if (x) {\n    g();\n  }\n}\n",
    ),
    "header whose body was left out": (
        "typescript",
        "class A {\n  ‸\n    return 1\n  }\n}\n",
        "one() { /* ... */ }\n",
        "class A {\n  one() {\n    return 1\n  }\n}\n",
    ),
    "a rest that was left out": (
        "c",
        "int f(int a) {\n  return (‸«)»\n}\n",
        "a) + 1; /* ... */ } // f\n",
        "int f(int a) {\n  return (a) + 1;\n}\n",
    ),
    "a body that the document leaves out": (
        "typescript",
        "class A {\n  zero() { /* ... */ }\n  ‸\n}\n",
        "one() { /* ... */ }\n}\n",
        "class A {\n  zero() { /* ... */ }\n  one() { /* ... */ }\n}\n",
    ),
    "header before a closer": (
        "typescript",
        "it('works', (‸«)»)\n",
        ") => {\n  f()\n})\n",
        "it('works', () => {})\n",
    ),
    "brackets in a string do not count": ("python", "print(‸«)»", '")(")', 'print(")(")'),
    "lifetime is no string": (
        "rust",
        "fn f<'a>(x: &'a str) { g(‸«)» }",
        "x)",
        "fn f<'a>(x: &'a str) { g(x) }",
    ),
}

BLOCKS = {
    "a function's body ends with it": (
        "python",
        "def f(a, b):\n    ‸\n",
        "return a + b\n\n\ndef g():\n    pass\n",
        "def f(a, b):\n    return a + b\n",
    ),
    "after the colon": (
        "python",
        "def f(a):‸\n\nx = 1\n",
        "\n    b = a\n    return b\n\nx = 1\n",
        "def f(a):\n    b = a\n    return b\n\nx = 1\n",
    ),
    "no body after the colon": ("python", "def f(a):‸\n", "\n\nx = 1\n", None),
    "nested body": (
        "python",
        "for x in y:\n    ‸\nprint(1)\n",
        "if x:\n        z()\n    w()\nprint(2)\n",
        "for x in y:\n    if x:\n        z()\n    w()\nprint(1)\n",
    ),
    "elif after the body": (
        "python",
        "if a:\n    ‸\nelif b:\n    y()\n",
        "x()\nelif c:\n    z()\n",
        "if a:\n    x()\nelif b:\n    y()\n",
    ),
    "indentation repeated": (
        "python",
        "def f():\n    ‸\n",
        "    a = 1\n    return a\n",
        "def f():\n    a = 1\n    return a\n",
    ),
    "indentation completed": (
        "python",
        "class A:\n    def f(self):\n    ‸\n",
        "    return 1\n",
        "class A:\n    def f(self):\n        return 1\n",
    ),
    "indentation not typed": (
        "python",
        "def f():\n‸\n",
        "    return 1\n",
        "def f():\n    return 1\n",
    ),
    "a repeated method": (
        "python",
        "class A:\n    def f(self):\n        return 1\n\n    ‸\n",
        "    def g(self):\n        return 2\n\n    def h(self):\n        return 3\n",
        "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n",
    ),
    "a second method without a keyword": (
        "csharp",
        "class A\n{\n    ‸\n}\n",
        "public int B()\n    {\n        return 1;\n    }\n\n    public int C()\n    {\n",
        "class A\n{\n    public int B()\n    {\n        return 1;\n    }\n}\n",
    ),
    "a block that nothing closed": (
        "kotlin",
        "class A {\n  fun b() {\n    ‸\n\n  fun c() {\n" + "    d()\n" * 3_000 + "  }\n}\n",
        "f()\n  }\n",
        "class A {\n  fun b() {\n    f()\n  }\n\n  fun c() {\n" + "    d()\n" * 3_000 + "  }\n}\n",
    ),
    "a block that is closed far below": (
        "kotlin",
        "class A {\n  fun b() {\n    ‸\n\n" + "    d()\n" * 3_000 + "  }\n}\n",
        "f()\n  }\n",
        "class A {\n  fun b() {\n    f()\n\n" + "    d()\n" * 3_000 + "  }\n}\n",
    ),
    "a statement without brackets": (
        "c",
        "void f() {\n    if (x)\n        ‸\n    g();\n}\n",
        "return;\n}\n",
        "void f() {\n    if (x)\n        return;\n    g();\n}\n",
    ),
    "a label stands further left": (
        "c",
        "void f() {\n  switch (x) {\n  case 1:\n    ‸\n  case 2:\n    h();\n  }\n}\n",
        "g();\n  }\n",
        "void f() {\n  switch (x) {\n  case 1:\n    g();\n  case 2:\n    h();\n  }\n}\n",
    ),
    "a method whose body was left out": (
        "ruby",
        "class A\n  ‸\nend\n",
        "def one\n    two\n  end\n\n  def two\n    # ...\n  end\n",
        "class A\n  def one\n    two\n  end\nend\n",
    ),
    "a statement that is no method": (
        "java",
        "void f() {\n    ‸\n}\n",
        "if(x) {\n        g();\n    }\n\n    h();\n}\n",
        "void f() {\n    if(x) {\n        g();\n    }\n\n    h();\n}\n",
    ),
    "a stray space": ("python", "def f():\n    ‸\n", " return 1\n", "def f():\n    return 1\n"),
    "empty lines before the first": (
        "python",
        "def f():\n    ‸\n",
        "\n\n    return 1\n",
        "def f():\n    return 1\n",
    ),
    "tabs": (
        "go",
        "func f() int {\n\t‸\n}\n",
        "\tx := 1\n\treturn x\n}\n",
        "func f() int {\n\tx := 1\n\treturn x\n}\n",
    ),
    "the next line below": (
        "python",
        "def f(a):\n    ‸\n    return total\n",
        "total = a\n    return total\n\ndef g():\n",
        "def f(a):\n    total = a\n    return total\n",
    ),
    "nearly the next line below": (
        "typescript",
        "function f(a) {\n  ‸\n  return total + offset;\n}\n",
        "const x = 1;\n  return total + offset\n}",
        "function f(a) {\n  const x = 1;\n  return total + offset;\n}\n",
    ),
    "not the next line below": (
        "python",
        "def f(self):\n    ‸\n    self.value2 = None\n",
        "self.value1 = None\n    self.value2 = None\n",
        "def f(self):\n    self.value1 = None\n    self.value2 = None\n",
    ),
    "a row that differs in its letters": (
        "python",
        "types = {\n    ‸\n    '.pps': 'application/vnd.ms-powerpoint',\n}\n",
        "'.ppa': 'application/vnd.ms-powerpoint',\n    '.pps': 'application/vnd.ms-powerpoint',\n",
        "types = {\n    '.ppa': 'application/vnd.ms-powerpoint',\n"
        "    '.pps': 'application/vnd.ms-powerpoint',\n}\n",
    ),
    "a header above its docstring": (
        "python",
        'class A:\n    ‸\n        """\n        Return it.\n        """\n        return 1\n',
        'def f(self):\n        """\n        Return it.\n        """\n        return 1\n',
        "class A:\n    def f(self):\n"
        '        """\n        Return it.\n        """\n        return 1\n',
    ),
    "a header that was cut off": (
        "python",
        "class A:\n    ‸\n    y = 2\n",
        "x = 1\n\n    def f(self):\n        for a in self.b:\n            # b\n            if a:",
        "class A:\n    x = 1\n    y = 2\n",
    ),
    "a header whose body stands below": (
        "python",
        "def f(a):\n    ‸\n        a += b\n",
        "for b in a:\n",
        "def f(a):\n    for b in a:\n        a += b\n",
    ),
    "nothing but the next line below": (
        "python",
        "x = 1\n‸\nreturn_code = 2\n",
        "return_code = 2\n",
        None,
    ),
    "three times the same line": (
        "python",
        "def f():\n    ‸\n",
        "x += 1\n    x += 1\n    x += 1\n    x += 1\n",
        "def f():\n    x += 1\n",
    ),
    "twice the same line": (
        "python",
        "def f():\n    ‸\n",
        "x += 1\n    x += 1\n    y()\n",
        "def f():\n    x += 1\n    x += 1\n    y()\n",
    ),
    "three times the same block": (
        "python",
        "def f():\n    ‸\n",
        "a()\n" + "    b()\n    c()\n" * 3,
        "def f():\n    a()\n    b()\n    c()\n",
    ),
    "two empty lines": ("python", "x = 1\n‸", "y = 2\n\n\nz = 3\n", "x = 1\ny = 2"),
    "text at the margin in a string": (
        "python",
        "def f():\n    ‸\n",
        'x = """a\nb\n"""\n    return x\n',
        'def f():\n    x = """a\nb\n"""\n    return x\n',
    ),
    "dict over several lines": (
        "python",
        "x = {‸«}»\ny = 1\n",
        '\n    "a": 1,\n    "b": 2,\n}\ny = 2',
        'x = {\n    "a": 1,\n    "b": 2,\n}\ny = 1\n',
    ),
    "dict without its end": (
        "python",
        "x = {‸\n",
        '\n    "a": 1,\n    "b": 2,\n}\nprint(x)\n',
        'x = {\n    "a": 1,\n    "b": 2,\n}\n',
    ),
    "braces on a line": (
        "typescript",
        "if (x) {‸«}»\n",
        "\n  foo();\n}\n",
        "if (x) {\n  foo();\n}\n",
    ),
    "braces on a line, closer not written": (
        "typescript",
        "if (x) {‸«}»\n",
        "\n  foo();\n",
        "if (x) {\n  foo();\n}\n",
    ),
    "callback": (
        "typescript",
        "on(function () {‸«});»\n",
        "\n  foo();\n",
        "on(function () {\n  foo();\n});\n",
    ),
    "callback, closed by the model": (
        "typescript",
        "on(function () {‸«})»;\n",
        "\n  foo();\n})\nbar()",
        "on(function () {\n  foo();\n});\n",
    ),
    "closer below, in a block": (
        "typescript",
        "if (x) {‸\n}\n",
        "\n  foo();\n}\nbar();\n",
        "if (x) {\n  foo();\n}\n",
    ),
    "closer of the inner block only": (
        "typescript",
        "function f() {\n  if (x) {‸\n}\n\nfunction g() {\n}\n",
        "\n    foo();\n  }\n}\n",
        "function f() {\n  if (x) {\n    foo();\n  }\n}\n\nfunction g() {\n}\n",
    ),
    "else is another block": (
        "c",
        "int f(int a) {\n  if (a) {‸\n  return 0;\n}\n",
        "\n    g();\n  } else {\n    h();\n  }\n",
        "int f(int a) {\n  if (a) {\n    g();\n  }\n  return 0;\n}\n",
    ),
    "preprocessor at the margin": (
        "c",
        "int f(void) {\n    ‸\n}\n",
        "g();\n#ifdef X\n    h();\n#endif\n    return 0;\n}\n",
        "int f(void) {\n    g();\n#ifdef X\n    h();\n#endif\n    return 0;\n}\n",
    ),
    "case labels": (
        "go",
        "func f(x int) {\n\tswitch x {‸\n\t}\n}\n",
        "\n\tcase 1:\n\t\tg()\n\tcase 2:\n\t\th()\n\t}\n}\n",
        "func f(x int) {\n\tswitch x {\n\tcase 1:\n\t\tg()\n\tcase 2:\n\t\th()\n\t}\n}\n",
    ),
    "match arms": (
        "rust",
        "fn f(x: u8) -> u8 {\n    match x {\n        ‸\n    }\n}\n",
        "0 => 1,\n        _ => {\n            x\n        }\n    }\n}\n",
        "fn f(x: u8) -> u8 {\n    match x {\n        0 => 1,\n        _ => {\n            x\n"
        "        }\n    }\n}\n",
    ),
    "what was left open is closed": (
        "rust",
        "fn f() {\n    ‸\n}\n",
        "for i in 0..3 {\n        g(i);",
        "fn f() {\n    for i in 0..3 {\n        g(i);\n    }\n}\n",
    ),
    "a header whose body follows": (
        "c",
        "int f(int a) {\n  ‸\n    g();\n  }\n  return 0;\n}\n",
        "if (a) {\n",
        "int f(int a) {\n  if (a) {\n    g();\n  }\n  return 0;\n}\n",
    ),
    "end": (
        "ruby",
        "def a\n  ‸\nend\n",
        "b\n  c\nend\n\ndef d\n",
        "def a\n  b\n  c\nend\n",
    ),
    "end of the inner block": (
        "ruby",
        "def a\n  if b\n    ‸\nend\n",
        "c\n  end\nend\n",
        "def a\n  if b\n    c\n  end\nend\n",
    ),
    "done": (
        "bash",
        "for i in 1 2; do\n  ‸\n",
        "echo $i\ndone\necho x\n",
        "for i in 1 2; do\n  echo $i\ndone\n",
    ),
    "without a grammar": (
        "",
        "a:\n  ‸\nb: 2\n",
        "c: 1\n  d: 2\nb: 3\n",
        "a:\n  c: 1\n  d: 2\nb: 2\n",
    ),
    "a last line that does not parse": (
        "python",
        "def f(a):\n    ‸\n\n\ndef g():\n    pass\n",
        "b = a\n    return b +* ((\n",
        "def f(a):\n    b = a\n\n\ndef g():\n    pass\n",
    ),
    "nothing that parses": ("python", "def f(a):\n    ‸\n\nx = 1\n", ") ) = 3 * * 5 =\n", None),
}

NOTHING = {
    "empty": ("python", "x = ‸\n", ""),
    "spaces": ("python", "x = ‸\n", "  \n \n"),
    "a control token": ("python", "x = ‸\n", "<|fim_middle|>5"),
    "what follows already": ("python", "re‸turn x\n", "turn x"),
    "the closer that follows": ("python", "print(x‸)\n", ")"),
    "the closer below": ("c", "void f() {\n  ‸\n}\n", "}\n"),
    "the line below": ("python", "    ret‸\n    return 1\n", "urn 1\n"),
    "nothing on this line": ("python", "f(‸a)\n", "\nx = 1\n"),
    "one key": ("python", "x = ‸\n", "5\n"),
    "what breaks a broken document further": (
        "python",
        "def f(:\n    pass\n\n\ndef g(a):\n    ‸\n\n\nx = 1\n",
        "return ) ) = 3 * * 5 =\n",
    ),
}

# What a model that learnt another indentation writes, and how it stands in the file.
INDENTED = {
    "spaces become tabs": (
        "python",
        "def f(a):\n\treturn a\n\n\ndef g(a):\n\t‸\n",
        "if a:\n        a += 1\n    return a\n",
        "def f(a):\n\treturn a\n\n\ndef g(a):\n\tif a:\n\t\ta += 1\n\treturn a\n",
    ),
    "two spaces become tabs": (
        "javascript",
        "function f() {\n\treturn 1;\n}\nfunction g(a) {‸\n",
        "\n  if (a) {\n    return 2;\n  }\n}\n",
        "function f() {\n\treturn 1;\n}\nfunction g(a) {\n\tif (a) {\n\t\treturn 2;\n\t}\n}\n",
    ),
    "tabs become the file's spaces": (
        "javascript",
        "function f() {\n  return 1;\n}\nfunction g(a) {‸\n",
        "\n\tif (a) {\n\t\treturn 2;\n\t}\n}\n",
        "function f() {\n  return 1;\n}\nfunction g(a) {\n  if (a) {\n    return 2;\n  }\n}\n",
    ),
    "four spaces become two": (
        "javascript",
        "function f() {\n  return 1;\n}\nfunction g(a) {‸\n",
        "\n    if (a) {\n        return 2;\n    }\n}\n",
        "function f() {\n  return 1;\n}\nfunction g(a) {\n  if (a) {\n    return 2;\n  }\n}\n",
    ),
    "two spaces become four": (
        "python",
        "def f(a):\n    return a\n\n\ndef g(a):‸\n",
        "\n  if a:\n    a += 1\n  return a\n",
        "def f(a):\n    return a\n\n\ndef g(a):\n    if a:\n        a += 1\n    return a\n",
    ),
    "the file's own stays": (
        "python",
        "def f(a):\n    return a\n\n\ndef g(a):‸\n",
        "\n    if a:\n        a += 1\n    return a\n",
        "def f(a):\n    return a\n\n\ndef g(a):\n    if a:\n        a += 1\n    return a\n",
    ),
    "what is aligned stays": (
        "python",
        "def f(a):\n    return a\n\n\ndef g(a):‸\n",
        "\n    if a:\n        foo(a,\n            b)\n",
        "def f(a):\n    return a\n\n\ndef g(a):\n    if a:\n        foo(a,\n            b)\n",
    ),
    "lines of a string stay": (
        "python",
        "def f(a):\n\treturn a\n\n\ndef g(a):‸\n",
        '\n    x = """\n    a\n    """\n    return x\n',
        'def f(a):\n\treturn a\n\n\ndef g(a):\n\tx = """\n    a\n    """\n\treturn x\n',
    ),
    "a file without any takes what comes": (
        "python",
        "def g(a):‸\n",
        "\n  if a:\n    a += 1\n",
        "def g(a):\n  if a:\n    a += 1\n",
    ),
}


@pytest.mark.parametrize("case", [*LINES, *CLOSERS, *BLOCKS, *INDENTED])
def test_what_is_shown(case):
    name, marked, middle, expected = (LINES | CLOSERS | BLOCKS | INDENTED)[case]
    assert cleaned(name, marked, middle) == expected


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_shown(case):
    assert cleaned(*NOTHING[case]) is None


@pytest.mark.parametrize(
    "token",
    [
        "<|fim_prefix|>",
        "<|endoftext|>",
        "<|im_end|>",
        "<EOT>",
        " ▁<EOT>",
        "<fim_suffix>",
        "[/INST]",
    ],
)
def test_control_text_and_what_follows_it_is_cut(token):
    assert cut_control(f"a + b{token}c").rstrip() == "a + b"
    assert cleaned("python", "x = ‸\n", f"a + b{token}c") == "x = a + b\n"


def test_html_keeps_its_strike_through():
    assert cut_control("<s>old</s> new") == "<s>old</s> new"


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        ("self.value.value.value", "self.value.value.value"),
        ("[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]", "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"),
        ("# " + "-" * 90, "# " + "-" * 90),
        ("the quick fox " * 5 + "the qu", "the quick fox "),
    ],
)
def test_a_line_that_goes_round_in_circles(middle, expected):
    assert cut_loop(middle) == expected


def test_a_block_has_at_most_24_lines():
    middle = "\n".join(f"    name_{'x' * n} = load()" for n in range(60))
    shown = clean(place_of("python", "def f():\n    ‸\n"), middle)
    assert shown is not None
    assert shown.text.count("\n") == 23


def test_a_long_document_is_not_parsed(monkeypatch):
    monkeypatch.setattr("lsp_server.completion.place.parse_text", None)
    place = place_of("python", "x = 1\n" * 40_000 + "y = ‸\n")
    assert clean(place, "22") == Suggestion("22", 0)


def test_one_parse_and_three_of_what_an_edit_changes(monkeypatch):
    parsed = []

    def counted(name, module, parse):
        path = f"lsp_server.completion.{module}.{name}"
        monkeypatch.setattr(path, lambda *given: parsed.append(name) or parse(*given))

    counted("parse_text", "place", parse_text)
    counted("reparsed", "postprocess", reparsed)
    cleaned("python", "def f():\n    ‸\n", "3 = * 5\n    4 = * 6\n    7 = * 8\n    9 = * 1\n")
    assert parsed.count("parse_text") == 1
    assert 1 <= parsed.count("reparsed") <= 3


_QUOTES = ['"', "'", "`", '"""', "#", "//", "/*", "*/", "\\"]
_WORDS = ["a", "bb", "é", "😀", "return", "def", "if", "end", "x+1", *"()[]{},;:=", "=>"]
_CONTROL = ["<EOT>", "<|fim_middle|>", "<|fim"]
_SPACES = [" ", "  ", "    ", "\n", "\n\n", "\t"]
_CODE = st.lists(st.sampled_from(_WORDS + _QUOTES + _CONTROL + _SPACES), max_size=25).map("".join)


def _places():
    language = st.sampled_from([None, *LANGUAGES])
    return st.builds(Place, _CODE, _CODE, st.sampled_from(Shape), language)


@settings(max_examples=300, deadline=None)
@given(_places(), _CODE)
def test_any_text_gives_a_suggestion_or_none(place, middle):
    shown = clean(place, middle)
    if shown is None:
        return
    assert shown.text.strip()
    assert not CONTROL.search(shown.text)
    assert 0 <= shown.replaces <= len(place.rest)
    assert place.before + shown.text + place.after[shown.replaces :] != place.before + place.after
    assert place.shape is Shape.BLOCK or len(shown.text.lstrip().split("\n")) == 1
    if not place.rest_has_words:
        assert shown.text == shown.text.rstrip()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*LINES, *CLOSERS, *BLOCKS]), st.data())
def test_a_middle_cut_anywhere_is_cleaned_without_error(case, data):
    name, marked, middle, _ = (LINES | CLOSERS | BLOCKS)[case]
    cut = data.draw(st.integers(0, len(middle)))
    clean(place_of(name, marked), middle[:cut])


@pytest.mark.parametrize("case", [*LINES, *CLOSERS, *BLOCKS])
def test_cleaning_again_changes_nothing(case):
    name, marked, middle, _ = (LINES | CLOSERS | BLOCKS)[case]
    place = place_of(name, marked)
    shown = clean(place, middle)
    assert shown is None or clean(place, shown.text) == shown
