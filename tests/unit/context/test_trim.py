import time
from collections import OrderedDict
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lsp_server.context import standing, trim
from lsp_server.context.syntax import parse
from lsp_server.context.trim import infill_window
from lsp_server.documents import Edit
from tests.unit.context.marks import count_tokens, snapshot, with_cursor
from tests.unit.context.samples import DATA, ELIDED, SAMPLES

LINES = [f"line number {n} of this text\n" for n in range(500)]


def window(document, offset, budget):
    return infill_window(document, offset, budget, count_tokens)


def cost(shown):
    return sum(count_tokens([shown.prefix, shown.suffix]))


def middle_of(text):
    """The end of the line in the middle of the text."""
    return text.index("\n", len(text) // 2)


@pytest.mark.parametrize(
    ("marked", "budget", "expected"),
    [
        # What fits is shown as it is, line ends included.
        ("‸", 10, "‸"),
        ("import os\r\n\r\nx‸ = 1\r\n", 100, "import os\r\n\r\nx‸ = 1\r\n"),
        # The cursor's line alone, cut to what is nearest.
        ("a\nb = c‸\nd\n", 1, "c‸"),
        ("one two three‸ four five six", 4, "three‸ "),
        ("x =‸ 1\n", 0, "‸"),
        # The heads of what encloses the cursor, the docstring's first line, the imports; the
        # sibling without its body.
        (
            "import os\nimport re\n\nLIMIT = 1\n\n\n"
            "def other(a, b):\n    c = a\n    d = b\n    return c, d\n\n\n"
            'class Job:\n    """A job.\n\n    It runs.\n    """\n\n    count = 0\n\n'
            "    def run(self, times):\n"
            + "        self.first = times + 1\n" * 20
            + "        self.last = ‸\n"
            + "        self.after = times + 1\n" * 20,
            220,
            "import os\nimport re\n"
            "def other(a, b):\n    ...\n"
            'class Job:\n    """A job."""\n'
            "    def run(self, times):\n",
        ),
    ],
)
def test_window(marked, budget, expected):
    shown = window(*with_cursor(marked), budget)
    assert f"{shown.prefix}‸{shown.suffix}".startswith(expected)
    assert cost(shown) <= budget


texts = st.text(st.sampled_from("ab (){}[]:'\"#.=\n\r\té😀\ud800\x0c\u2028") | st.characters())
code = st.lists(
    st.sampled_from(
        [
            *("import os\n", "def f(a):\n", "class C:\n", "    def g(self):\n", '    """Doc\n'),
            *("        return 1\n", "x = [\n", ")\n", "\r\n", "    if é:\n", "@d\n", '"""\r\n'),
        ]
    ),
    max_size=40,
).map("".join)
languages = st.sampled_from([*SAMPLES, "markdown"])


def check(text, offset, budget, language):
    """What holds of every window."""
    shown = window(snapshot(text, language), offset, budget)
    offset = min(offset, len(text))
    lines = [part.replace("\r", "\n") for part in (text[:offset], text[offset:])]
    left, right = lines[0].rsplit("\n", 1)[-1], lines[1].split("\n", 1)[0]
    shown_left = shown.prefix.replace("\r", "\n").rsplit("\n", 1)[-1]
    shown_right = shown.suffix.replace("\r", "\n").split("\n", 1)[0]
    assert cost(shown) <= budget
    # What touches the cursor is the document's own text: its whole line, or as much as fits.
    assert left.endswith(shown_left)
    assert right.startswith(shown_right)
    assert shown_left or not left or budget < 8
    for whole, part in ((left, shown_left), (right, shown_right)):
        assert part == whole or sum(count_tokens([whole])) > budget // 8 - 2
    if sum(count_tokens([text[:offset], text[offset:]])) <= budget // 2:
        assert shown.prefix + shown.suffix == text
    return shown


@settings(deadline=None)
@given(texts | code, st.integers(0, 400), st.integers(0, 200), languages)
@example("a\rb\n", 2, 3, "python")
def test_any_text_at_any_offset(text, offset, budget, language):
    check(text, offset, budget, language)


@pytest.mark.parametrize("language", [*SAMPLES, "markdown"])
@pytest.mark.parametrize("budget", [60, 250, 1000])
def test_every_part_of_a_half_typed_file(language, budget):
    text = (SAMPLES.get(language) or SAMPLES["python"]).text
    for offset in range(0, len(text), len(text) // 9):
        # A line that breaks off in the middle of everything that can be opened.
        check(text[:offset] + " foo(['\"{ " + text[offset:], offset + 9, budget, language)


@pytest.mark.parametrize(("language", "sample"), SAMPLES.items(), ids=SAMPLES)
def test_siblings_are_elided_and_the_text_still_parses(language, sample):
    document = snapshot(sample.text, sample.language_id)
    shown = window(document, middle_of(sample.text), 1200)
    trimmed = snapshot(shown.prefix + shown.suffix, sample.language_id)

    heads = [ELIDED[language].replace("{n}", str(n)) for n in range(sample.functions)]
    assert any(head in shown.prefix for head in heads[: len(heads) // 2])
    assert any(head in shown.suffix for head in heads[len(heads) // 2 :])
    assert sample.imported in shown.prefix
    assert parse(trimmed).error_count() == 0


@pytest.mark.parametrize("language", ["python", "markdown"])
@pytest.mark.parametrize("budget", [512, 1024, 4096])
@pytest.mark.parametrize("place", [0, 0.01, 0.3, 0.5, 0.99, 1])
def test_a_large_file_uses_the_budget(language, budget, place):
    text = SAMPLES["python"].text * 20 if language == "python" else "".join(LINES * 20)
    shown = window(snapshot(text, language), int(place * len(text)), budget)
    least = 0.95 if budget >= 1024 else 0.93  # a line is a part of a small budget
    assert least * budget <= cost(shown) <= budget


def test_a_quarter_stands_after_the_cursor():
    text = "".join(LINES)
    shown = window(snapshot(text, "markdown"), middle_of(text), 1000)
    assert 200 <= sum(count_tokens([shown.suffix])) <= 375


@pytest.mark.parametrize("name", ["python", "typescript", "lua"])
def test_typing_on_a_line_changes_neither_suffix_nor_start(name):
    sample = SAMPLES[name]
    text = sample.text
    offset = text.index("\n", text.index("* 3", len(text) // 2)) + 1
    typed = "    foo(\"a {[ '''b"
    shown = [
        window(snapshot(text[:offset] + typed[:n] + text[offset:], name), offset + n, 800)
        for n in range(len(typed) + 1)
    ]
    assert {one.suffix for one in shown} == {shown[0].suffix}
    assert [one.prefix for one in shown] == [shown[0].prefix + typed[:n] for n in range(len(shown))]


@settings(deadline=None)
@given(st.integers(100, 4000), st.text("ab('\"[{ é", max_size=12), st.sampled_from([*SAMPLES]))
def test_the_suffix_does_not_depend_on_the_line_before_it(offset, typed, language):
    text = SAMPLES[language].text
    # A line that only closes a block counts as structure until something else stands on it.
    document = snapshot(text, language)
    assume(document.line(document.line_of(offset)).strip() not in ("}", "};", "end"))
    # The line is charged in steps of 1/48 of the budget.
    left = text[document.line_starts[document.line_of(offset)] : offset]
    assume(len({sum(count_tokens([line])) // (1000 // 48) for line in (left, left + typed)}) == 1)
    before = window(document, offset, 1000)
    after = snapshot(text[:offset] + typed + text[offset:], language)
    assert window(after, offset + len(typed), 1000).suffix == before.suffix


@pytest.mark.parametrize("name", ["python", "java", "markdown"])
def test_the_start_moves_in_steps(name):
    text = SAMPLES[name].text if name in SAMPLES else "".join(LINES)
    document = snapshot(text, name)
    lines = range(150, 250)
    starts = []
    for line in lines:
        shown = window(document, document.line_starts[line], 1000)
        starts.append(shown.prefix[:300])
    changes = sum(a != b for a, b in pairwise(starts))
    assert changes <= len(lines) / 5


def test_a_long_line_is_cut_around_the_cursor():
    text = "".join(f"value_{n} = {n}; " for n in range(110_000))
    assert len(text) > 2_000_000
    offset = text.index("value_50000") + 5
    started = time.perf_counter()
    shown = window(snapshot(text), offset, 1000)
    # Some 30 ms; parsing or counting all of it would take seconds.
    assert time.perf_counter() - started < 1
    assert shown.prefix.endswith("; value")
    assert shown.suffix.startswith("_50000 = 50000; ")
    assert 850 <= cost(shown) <= 1000


def test_a_cut_line_keeps_its_start_while_it_grows():
    line = "abcdef " * 2000
    starts = {
        window(snapshot(line + "x" * n), len(line) + n, 100).prefix[:30] for n in range(1, 30)
    }
    assert len(starts) <= 2


def test_ten_thousand_lines_take_little_time():
    text = SAMPLES["python"].text * 28
    document = snapshot(text)
    assert document.line_count > 10_000
    window(document, middle_of(text), 1000)
    times = []
    for n in range(1, 6):
        started = time.perf_counter()
        window(document, document.line_starts[5000 + n], 1000)
        times.append(time.perf_counter() - started)
    # Some 25 ms; the bound leaves room for a busy machine.
    assert min(times) < 0.15


def test_include_guards_do_not_hide_the_functions():
    body = "".join(f"    total += {n};\n" for n in range(8))
    functions = "".join(f"static void f{n}(void) {{\n{body}}}\n" for n in range(30))
    text = f"#ifndef A_H\n#define A_H\n#include <a.h>\n{functions}#endif\n"
    shown = window(snapshot(text, "c"), middle_of(text), 500)
    assert "#include <a.h>\n" in shown.prefix
    assert "(void) { /* ... */ }\n" in shown.prefix


def test_a_function_inside_an_expression_is_no_sibling():
    table = "  __index = function()\n    return 1\n  end,\n"
    body = "".join(f"  total = total + {n}\n" for n in range(60))
    text = f"local function f()\n  local t = {{\n{table}  }}\n{body}end\n"
    shown = window(snapshot(text, "lua"), middle_of(text), 150)
    assert "__index" not in shown.prefix
    assert shown.prefix.startswith("local function f()\n")


@pytest.mark.parametrize(("language", "parts"), DATA.items(), ids=DATA)
def test_data_shows_what_encloses_the_cursor(language, parts):
    opening, row, closing = parts
    text = opening + "".join(row.replace("{n}", str(n)) for n in range(300)) + closing
    document = snapshot(text, language)
    assert parse(document).error_count() == 0
    shown = window(document, middle_of(text), 400)
    assert shown.prefix.startswith(opening) or shown.prefix.startswith(opening.splitlines()[-1])
    assert "150" in shown.prefix + shown.suffix


METHOD = "    def run(\n        self,\n        times: int,\n    ) -> None:\n"
LINE = "            self.value = times + 1\n"


@pytest.mark.parametrize(
    ("marked", "budget", "shown"),
    [
        # The whole head of what encloses the cursor goes before the imports.
        (
            "".join(f"import module_{n}\n" for n in range(40))
            + f"class Job:\n{METHOD}"
            + LINE[4:] * 40
            + "        self.last = ‸\n",
            140,
            f"class Job:\n{METHOD}",
        ),
        # A branch that is left out has a body all the same.
        (
            "def run(self, times):\n    if times:\n"
            + LINE[4:] * 20
            + "    elif self:\n        pass\n    else:\n"
            + LINE[4:] * 40
            + "        self.last = ‸\n",
            140,
            "def run(self, times):\n    if times:\n        ...\n    else:\n",
        ),
        # A condition of several lines is shown whole.
        (
            "def run(self, times):\n    if (\n        self\n        and times\n    ):\n"
            + LINE[4:] * 40
            + "        self.last = ‸\n",
            140,
            "    if (\n        self\n        and times\n    ):\n        self.value",
        ),
        # A method of another class, which is named near the cursor, brings its class.
        (
            "class Other:\n    def first(self):\n"
            + "        self.a = 1\n" * 30
            + "    def second(self):\n"
            + "        self.b = 1\n" * 30
            + "def use(other):\n"
            + "    other.c = 1 + 2\n" * 30
            + "    other.second()\n" * 8
            + "    x = ‸\n",
            200,
            "class Other:\n    def second(self):\n        ...\n",
        ),
        # An import from under an `if` needs none.
        (
            "import os\nif os.name:\n    import re\ndef use(times):\n"
            + "    self.value = times\n" * 60
            + "    x = ‸\n",
            140,
            "import os\nimport re\ndef use(times):\n",
        ),
    ],
)
def test_what_is_shown_of_the_rest_parses(marked, budget, shown):
    document, offset = with_cursor(marked)
    prefix = window(document, offset, budget).prefix
    assert shown in prefix
    assert parse(snapshot(f"{prefix}0\n", "python")).error_count() == 0


@pytest.mark.parametrize(
    "below",
    [
        "def later(\n" + "    name,\n" * 40 + "):\n    pass\n",
        'def later():\n    """Text\n' + "    and more text\n" * 40 + '    """\n    pass\n',
        "def later(\n    name,\n):\n    # What it does.\n" + "    name = name + 1\n" * 60,
    ],
)
@pytest.mark.parametrize("budget", range(150, 300, 10))
def test_nothing_below_is_cut_within_brackets_strings_or_before_a_body(below, budget):
    marked = "x = 1\n" * 40 + "y = ‸\n" + "x = 1\n" * 10 + below
    suffix = window(*with_cursor(marked), budget).suffix
    assert parse(snapshot(f"y = 0{suffix}", "python")).error_count() == 0


def test_definitions_of_names_near_the_cursor_come_before_nearer_siblings():
    body = "".join(f"    total += {n}\n" for n in range(9)) + "    return total\n\n\n"
    near = [f"def near_{n}(total):\n{body}" for n in range(40)]
    far = (
        f'def convert_total(value: int) -> str:\n    """Make it a text.\n\n    So.\n    """\n{body}'
    )
    above = "def main():\n" + "".join(f"    a_{n} = convert_total({n})\n" for n in range(30))
    text = far + "".join(near) + above + "".join(f"    b_{n} = {n}\n" for n in range(60))
    shown = window(snapshot(text), text.index("    b_0"), 500)
    expected = 'def convert_total(value: int) -> str:\n    """Make it a text."""\n'
    assert shown.prefix.startswith(expected)
    assert parse(snapshot(shown.prefix)).error_count() == 0


@settings(deadline=None)
@given(st.integers(0, 6), st.lists(st.sampled_from("ab(\n\t 'é"), max_size=30))
def test_typing_in_a_long_file_shows_what_a_fresh_look_shows(place, typed):
    """Near lines are those of the present text, whatever is kept from the keys before."""
    text = SAMPLES["python"].text * 3
    document = snapshot(text)
    offset = text.index("\n", place * len(text) // 7)
    for n, letter in enumerate(typed):
        document = document.edited(n + 2, Edit(offset, offset, letter))
        offset += 1
        shown = window(document, offset, 400)
        assert cost(shown) <= 400
        near = document.text[max(0, offset - 200) : offset], document.text[offset : offset + 60]
        assert shown.prefix.endswith(near[0])
        assert shown.suffix.startswith(near[1])


KEYS = st.sampled_from(["a", "(", "\n", "\t", "def f():", "up", "elsewhere", "outline"])


@settings(deadline=None)
@given(st.integers(0, 6), st.lists(KEYS, max_size=30))
@example(3, ["a", "elsewhere", "a"])
@example(3, ["\n", "a", "outline", "a"])
def test_what_is_kept_between_keys_changes_nothing_that_is_shown(place, keys):
    """`elsewhere` is a change above that nobody asks after; at `outline` a newer one is ready."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trim, "_last_sides", OrderedDict())
        patch.setattr(standing._StandingOutlines, "_renew", lambda *args: None)
        document = snapshot(SAMPLES["python"].text * 3)
        offset = document.text.index("\n", place * len(document.text) // 7)
        for n, key in enumerate(keys):
            above = max(document.text.rfind("\n", 0, offset), 0)
            if key == "up":
                offset = above
            elif key == "outline":
                line = document.line_of(offset)
                standing._outlines._keep(standing._made(document, line), line)
            else:
                at = above if key == "elsewhere" else offset
                document = document.edited(n + 2, Edit(at, at, key))
                offset += len(key)
            if key == "elsewhere":
                continue
            shown = window(document, offset, 400)
            with pytest.MonkeyPatch.context() as anew:
                anew.setattr(trim, "_last_sides", OrderedDict())
                assert shown == window(document, offset, 400)
