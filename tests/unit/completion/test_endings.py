"""Where the stream is stopped: `‸` in a document is the cursor, `■` in a middle where it must stop
at the latest (it is fed in pieces of a few characters, as tokens are)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.completion.endings import Ending
from lsp_server.completion.place import Place
from lsp_server.completion.postprocess import clean
from lsp_server.context.languages import LANGUAGES
from lsp_server.context.scope import Shape, shape_at
from lsp_server.documents import DocumentSnapshot

BY_NAME = {language.name: language for language in LANGUAGES}
PIECE = 4


def place_of(name: str, marked: str) -> Place:
    before, after = marked.split("‸")
    language = BY_NAME.get(name)
    snapshot = DocumentSnapshot(
        "untitled:1", 1, language.ids[0] if language else "", before + after
    )
    return Place(before, after, shape_at(snapshot, len(before)), language)


def read(place: Place, middle: str, piece: int = PIECE) -> str:
    """What has been generated when the ending says that nothing more is wanted."""
    ending = Ending(place)
    for start in range(0, len(middle), piece):
        if ending.feed(middle[start : start + piece]):
            break
    return ending.text


STOPS = {
    "line": ("python", "x = ‸\n", "1\n■y = 2\nz = 3\nzz = 4\n"),
    "nothing on the line": ("python", "f(‸a)\n", "\n■x = 1\ny = 2\n"),
    "the line after a complete one": ("python", "x = 1‸\n", "\ny = 2\n■z = 3\nzz = 4\n"),
    "what follows on the line": (
        "python",
        "x = f(‸alpha, beta)\n",
        "gamma, alpha, beta)■ + more()",
    ),
    "no more than empty lines": ("python", "x = 1‸\n", "\n\n\n\n\n■\n\n\n\n\n\n\n\n"),
    "control token": ("python", "x = ‸\n", "1<|fim_pad|>■ + 2 + 3 + 4"),
    "a body left out": (
        "typescript",
        "‸\n",
        "it('works', () => { /* ... */■ })\nit('works, too', () => {\n",
    ),
    "circle": ("python", "# ‸\n", "the quick fox " * 4 + "■" + "the quick fox " * 9),
    "dedent": ("python", "def f():\n    ‸\n", "x()\n    return 1\n\n\ndef g():■\n    pass\n"),
    "dedent shows before the line ends": (
        "python",
        "if a:\n    if b:\n        ‸\n",
        "x()\n    y = call■_with_a_long_name(alpha, beta)\n",
    ),
    "elif": ("python", "if a:\n    ‸\n", "x()\nelif b:\n■    y()\nelse:\n"),
    "brace": ("typescript", "if (x) {‸\n}\n", "\n  foo();\n}\n■bar();\nbaz();\n"),
    "case labels": (
        "c",
        "switch (x) {‸\n",
        "\ncase 1:\n  g();\n  break;\ncase 2:\n  h();\n}\n■int y;\nint z;",
    ),
    "the line below": (
        "go",
        "func f() int {\n\t‸\n\treturn x\n}\n",
        "x := 1\n\treturn x\n■\treturn y\n}\n\n\n",
    ),
    "nearly the line below": (
        "rust",
        "fn f() {\n    ‸\n    print(total, offset);\n}\n",
        "let total = 1;\n    print(total, offset)\n■    more();\n",
    ),
    "three times a line": (
        "python",
        "def f():\n    ‸\n",
        "x += 1\n    x += 1\n    x += 1\n    ■x += 1\n    x += 1\n",
    ),
    "two empty lines": ("python", "‸", "x = 1\n\n\n■y = 2\nz = 3\n"),
    "24 lines": (
        "python",
        "def f():\n    ‸\n",
        "".join(f"name_{'x' * n} = 1\n    " for n in range(24)) + "■y = 1\n    z = 1\n" * 9,
    ),
}


@pytest.mark.parametrize("case", STOPS)
@pytest.mark.parametrize("piece", [1, 4])
def test_the_stream_stops(case, piece):
    name, marked, middle = STOPS[case]
    latest = middle.index("■") + piece - 1
    place = place_of(name, marked)
    middle = middle.replace("■", "")
    generated = read(place, middle, piece)
    assert len(generated) <= latest
    assert clean(place, generated) == clean(place, middle)


GOES_ON = {
    "one empty line": ("python", "def f():\n    ‸\n", "x = 1\n\n    y = 2\n    return y"),
    "twice the same line": ("python", "def f():\n    ‸\n", "x()\n    x()\n    y()"),
    "deeper lines": ("python", "def f():\n    ‸\n", "if a:\n        b()\n    else:\n        c()"),
    "brackets": (
        "typescript",
        "const f = () => {‸\n}\n",
        "\n  g({\n    a: [\n    ],\n  });\n  return 1;",
    ),
    "a string at the margin": ("python", "def f():\n    ‸\n", 'x = """\na\nb\n"""\n    return x'),
    "the closing word of an inner block": (
        "ruby",
        "def a\n  ‸\nend\n",
        "if b\n    c\n  end\n  d",
    ),
}


@pytest.mark.parametrize("case", GOES_ON)
def test_the_stream_goes_on(case):
    name, marked, middle = GOES_ON[case]
    assert read(place_of(name, marked), middle) == middle


def test_text_is_all_that_was_fed():
    ending = Ending(place_of("python", "x = ‸\n"))
    assert not ending.feed("a ")
    assert not ending.feed("+ b")
    assert ending.feed("\nrest")
    assert ending.text == "a + b\nrest"


_TEXT = st.text(alphabet=" \n\tab(){}[]:;\"'#=é😀", max_size=40)


@settings(max_examples=200, deadline=None)
@given(
    st.builds(Place, _TEXT, _TEXT, st.sampled_from(Shape), st.sampled_from([None, *LANGUAGES])),
    st.lists(_TEXT, max_size=8),
)
def test_any_pieces_are_read_without_error(place, pieces):
    ending = Ending(place)
    for piece in pieces:
        ending.feed(piece)
    assert ending.text == "".join(pieces)
