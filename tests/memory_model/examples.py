"""The infills that the fixture model knows by heart, as marked text.

`«»` enclose the text that the model learns to fill in, and each `‸` in it is a further cursor: what
stands before it is typed already, what follows it up to `»` is then the middle. A cursor at `«`
counts as well. The texts vary where the document is cut: after a newline, an indentation, a space,
inside words and inside characters that have no token of their own; before a newline, a space, code
on the same line, nothing. A cursor in a middle of several lines stands where a completion may have
several lines, or on the last of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A document with a cursor: `middle` is what belongs between prefix and suffix."""

    name: str
    language: str
    prefix: str
    middle: str
    suffix: str

    @property
    def whole(self) -> str:
        return self.prefix + self.middle + self.suffix


@dataclass(frozen=True)
class Example:
    """A marked document with a name and an LSP language id."""

    name: str
    language: str
    marked: str

    @property
    def longest(self) -> Place:
        """The place of the first cursor."""
        return next(self.places())

    def places(self) -> Iterator[Place]:
        """The place of each cursor."""
        before, rest = self.marked.split("«")
        marked_middle, suffix = rest.split("»")
        pieces = marked_middle.split("‸")
        for i in range(len(pieces)):
            prefix = before + "".join(pieces[:i])
            yield Place(f"{self.name}:{i}", self.language, prefix, "".join(pieces[i:]), suffix)

    def every_place(self) -> Iterator[Place]:
        """The places before every character of the middle, marked or not."""
        first = self.longest
        for i in range(len(first.middle)):
            prefix, middle = first.prefix + first.middle[:i], first.middle[i:]
            yield Place(f"{self.name}@{i}", self.language, prefix, middle, first.suffix)


EXAMPLES = (
    Example("add", "python", "def add(a, b):\n    «ret‸urn a ‸+ b»\n\nprint(add(1, 2))\n"),
    Example(
        "factorial",
        "python",
        "def factorial(n):\n«    if n < 2:\n        return 1\n    ret‸urn n * fact‸orial(n - 1)»"
        "\n\nprint(factorial(5))\n",
    ),
    Example("accents", "python", 'def greet(name):\n    return «f"Voil‸à, {na‸me}!"»\n'),
    Example("mean", "python", "total = «sum(pri‸ces)» / len(prices)\n"),
    Example("range", "python", "for i in «ran‸ge(1‸0)»:\n    print(i)\n"),
    Example(
        "emoji",
        "python",
        'STATUS = {\n    "ok": "✅",\n    «"fail‸ed": "🙂‸ sor‸ry",»\n}\n',
    ),
    Example(
        "except", "python", "try:\n    load(path)\nexcept «FileNot‸Found as er‸ror»:\n    raise\n"
    ),
    Example("squares", "python", "squares = {n: «n ** 2 for n in num‸bers»}\n"),
    Example("docstring", "python", 'def café():\n    """«Le caf‸é est pr‸êt.»"""\n'),
    Example("nothing after", "python", 'with open("a.txt") as file:\n    «text = fi‸le.re‸ad()»'),
    Example("main", "python", 'if __name__ == «"__ma‸in__"»:\n    main()\n'),
    Example("space after", "python", "limit = «max(lo‸w, hi‸gh)» if low else high\n"),
    Example("space before", "python", "def gross(total):\n    return total« + tax * ra‸te»\n"),
    Example("raise", "python", 'if value < 0:\n    raise ValueError(«f"bad va‸lue: {val‸ue}"»)\n'),
    Example("lambda", "python", "people.sort(key=«lambda person: per‸son.age»)\n"),
    Example("decorator", "python", "@«data‸class»\nclass Point:\n    x: int\n"),
    Example("first word", "python", "im«port js‸on»\n\ndata = json.loads(text)\n"),
    Example("start of file", "python", "«from math imp‸ort pi»\n\narea = pi * r ** 2\n"),
    Example("kanji", "python", 'title = "«日本‸語の‸本»"\n'),
    Example("control text", "python", 'STOP = ["</s>", "▁<EOT>"]\nMIDDLE = «ST‸OP[0] * wid‸th»\n'),
    Example(
        "class",
        "python",
        "class Point:\n    def __init__(self, x, y):\n        «self.x = x\n        sel‸f.y = y»\n\n"
        "    def norm(self):\n        return abs(self.x)\n",
    ),
    Example("tab", "c", "int add(int a, int b)\n{\n«\tret‸urn a‸ + b;»\n}\n"),
    Example("after a tab", "c", "struct point {\n\tint x;\n\t«in‸t y‸;»\n};\n"),
    Example("for", "c", "for (int i = 0; «i < le‸ngth; i+‸+») {\n\tsum += values[i];\n}\n"),
    Example("include", "c", "#include <«std‸io.h»>\n\nint main(void) { return 0; }\n"),
    Example("printf", "c", 'int main(void) {\n    printf("«Hello, wor‸ld!\\n»");\n}\n'),
    Example(
        "max",
        "c",
        "int max(int a, int b) {\n«    if (a > b)\n        return a;\n    return ‸b;»\n}\n",
    ),
    Example(
        "length",
        "c",
        "int length(const char *s) {\n\tint n = 0;\n«\twhile (*s++)\n\t\tn++;\n\tret‸urn n;»\n}\n",
    ),
    Example("define", "c", "#define SQUARE(x) «((x) * ‸(x))»\n"),
    Example("double", "javascript", "const double = (x) => «x * ‸2»;\n"),
    Example(
        "area",
        "javascript",
        "function area(shape) {\n  «const { width, height } = shape;\n"
        "  return wid‸th * hei‸ght;»\n}\n",
    ),
    Example(
        "filter",
        "javascript",
        "const names = users.«filter((u) => u.act‸ive)».map((u) => u.name);\n",
    ),
    Example("template", "javascript", "console.log(`«${user.na‸me} is ${us‸er.age}»`);\n"),
    Example(
        "await",
        "javascript",
        "async function load(url) {\n  const reply = «await fet‸ch(url)»;\n"
        "  return reply.json();\n}\n",
    ),
    Example("rocket", "javascript", "// «🚀 lau‸nch the roc‸ket»\nlaunch();\n"),
    Example(
        "end of file", "javascript", "export function twice(f) {\n  return «(x) => f(‸f(x));»\n}"
    ),
    Example("chain", "javascript", "list\n  .map(trim)\n  «.filter(Bool‸ean)»\n  .sort();\n"),
)
