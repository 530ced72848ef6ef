"""One line or several, in marked text: `‸` is the cursor."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.context.headers import opens_block
from lsp_server.context.languages import LANGUAGES
from lsp_server.context.scope import Shape, shape_at
from lsp_server.documents import DocumentSnapshot

IDS = [language.ids[0] for language in LANGUAGES]
BY_NAME = {language.name: language for language in LANGUAGES}


def shape(language_id: str, marked: str) -> Shape:
    before, after = marked.split("‸")
    return shape_at(DocumentSnapshot("untitled:1", 1, language_id, before + after), len(before))


BLOCKS = [
    ("python", "‸"),
    ("python", "def f():‸"),
    ("python", "def f():\n    ‸"),
    ("python", "def f():\n    x = 1\n    ‸\n    return x\n"),
    ("python", "async def f(a: int) -> dict[str, int]:‸\n"),
    ("python", "if a and (b or c):‸"),
    ("python", "x = {‸}"),
    ("python", "x = {\n    ‸\n}\n"),
    ("python", "x = [\n    ‸\n]\n"),
    ("python", "# a comment\n‸\nx = 1\n"),
    ("python", '"""Doc."""\n‸\nx = 1\n'),
    ("typescript", "if (x) {‸}"),
    ("typescript", "on(function () {‸});"),
    ("typescript", "const f = (a) => ‸\n"),
    ("typescript", "class A {\n  f() {\n    ‸\n  }\n}\n"),
    ("javascript", "foo(bar, () => {\n  ‸\n});\n"),
    ("c", "int main(void)\n{\n    ‸\n}\n"),
    ("c", "switch (x) {\ncase 1:‸\n}\n"),
    ("c", "// a comment\n‸\nint x;\n"),
    ("go", "func f() {\n\t‸\n}\n"),
    ("rust", "/// Doc.\n‸\nfn f() {}\n"),
    ("rust", "match x {\n    1 => ‸\n}\n"),
    ("ruby", "def a‸\n"),
    ("ruby", "list.each do |x|‸\n"),
    ("lua", "local function f(a)‸\n"),
    ("lua", "if a then‸\n"),
    ("shellscript", "for i in 1 2; do‸\n"),
    ("kotlin", "fun f(a: Int): Int {‸\n}\n"),
    ("swift", "class A {\n    ‸\n}\n"),
    ("haskell", "f x = do‸\n"),
    ("html", "<ul>‸\n</ul>\n"),
    ("css", ".a {‸\n}\n"),
    ("sql", "SELECT‸\n"),
    ("yaml", "a:‸\n"),
    ("yaml", "a:\n  ‸\n"),
    ("", "‸"),
]

LINES = [
    ("csharp", "class A\n{\n    [Test]\n    ‸\n    {\n        f();\n    }\n}\n"),
    ("c", "‸\n{\n    f();\n}\n"),
    ("swift", "func f() {\n    ‸\n        a: 1)\n}\n"),
    ("python", "x = ‸"),
    ("python", "x = ‸ + 1\n"),
    ("python", "print(‸)"),
    ("python", "foo(bar(‸))\n"),
    ("python", "foo(\n    ‸\n)\n"),
    ("python", "foo(a,‸"),
    ("python", "re‸turn x\n"),
    ("python", "ret‸"),
    ("python", "# TODO:‸\n"),
    ("python", 'print("if x:‸")\n'),
    ("python", 'def f():\n    """‸\n'),
    ("python", 'def f():\n    """Doc.\n\n    ‸\n    """\n'),
    ("python", "x = {'a':‸}\n"),
    ("python", "x = y[1:‸]\n"),
    ("python", "f = lambda x:‸\n"),
    ("python", "x = 1\n‸\n    return x\n"),
    ("typescript", "foo(‸);\n"),
    ("typescript", "const s = `a ${‸} b`;\n"),
    ("typescript", "/**\n * ‸\n */\nfunction f() {}\n"),
    ("typescript", "/* {‸"),
    ("c", "x = y ? ‸ : z;\n"),
    ("c", "f(a, // note {‸\n  b);\n"),
    ("go", 'import "‸"\n'),
    ("rust", 'let s = "{‸'),
    ("ruby", "def a() = ‸\n"),
    ("ruby", "foo if bar‸\n"),
    ("shellscript", "echo ‸\n"),
    ("kotlin", "val x = ‸\n"),
    ("json", '{"a": "‸"}\n'),
    ("toml", "a = ‸\n"),
    ("yaml", "a: it's ‸\n"),
    ("", "some words‸"),
]


@pytest.mark.parametrize(("language_id", "marked"), BLOCKS)
def test_a_block_is_wanted(language_id, marked):
    assert shape(language_id, marked) is Shape.BLOCK


@pytest.mark.parametrize(("language_id", "marked"), LINES)
def test_a_line_is_wanted(language_id, marked):
    assert shape(language_id, marked) is Shape.LINE


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_line_ends(newline):
    assert shape("python", f"def f():{newline}    ‸{newline}x = 1") is Shape.BLOCK
    assert shape("python", f"x = 1{newline}y = ‸{newline}") is Shape.LINE
    assert shape("typescript", f"if (x) {{‸{newline}}}{newline}") is Shape.BLOCK


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("python", "if x:  # because", True),
        ("python", "else:", True),
        ("python", "x: int", False),
        ("python", "elif_ = a:", False),
        ("typescript", "foo({", True),
        ("typescript", "return x;", False),
        ("ruby", "return unless x", False),
        ("ruby", "if x then y end", False),
        ("lua", "end", False),
        ("bash", "case $x in", True),
    ],
)
def test_what_opens_a_block(name, line, expected):
    assert opens_block(line, BY_NAME[name]) is expected


def test_a_line_of_two_million_characters():
    assert shape("javascript", "x" * 1_000_000 + "‸" + "y" * 1_000_000) is Shape.LINE
    assert shape("python", "f(" * 500_000 + "‸\n") is Shape.LINE


_CODE = st.text(alphabet=" \n\r\tab(){}[]:;\"'`#/*=>é😀", max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["", *IDS]), _CODE, _CODE)
def test_any_text_has_a_shape(language_id, before, after):
    snapshot = DocumentSnapshot("untitled:1", 1, language_id, before + after)
    assert shape_at(snapshot, len(before)) in Shape
