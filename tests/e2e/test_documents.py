"""Documents as editors send them, with the engine double: what the model is asked about is what
the editor shows."""

import pytest

from tests.e2e.editor import range_at, running_editor

URI = "file:///project/a.py"

# Text, changes (start line, column, end line, column in UTF-16 units, text), cursor, and the range
# at which the suggestion has to stand.
CASES = {
    "emoji before the cursor": ("x = '👩‍💻' + \n", [], (0, 14), (0, 14)),
    "edit after an emoji": ("y = '😀'\n", [(0, 8, 0, 8, " + z")], (0, 12), (0, 12)),
    "crlf": ("a = 1\r\nb = \r\n", [(1, 4, 1, 4, "a + ")], (1, 8), (1, 8)),
    "form feed is no line end": ("a = 1\n\x0c\nb =\n", [(2, 3, 2, 3, " ")], (2, 4), (2, 4)),
    "U+2028 is no line end": ("a = '\u2028'\nb =\n", [(1, 3, 1, 3, " ")], (1, 4), (1, 4)),
    "empty file": ("", [], (0, 0), (0, 0)),
    "cursor past the end of the line": ("a = ", [], (0, 99), (0, 4)),
    "cursor past the end of the file": ("a = 1\nb = ", [], (99, 0), (1, 4)),
    "edit past the end": ("a = 1\n", [(9, 0, 9, 0, "b = ")], (1, 4), (1, 4)),
}


@pytest.mark.parametrize("case", CASES)
async def test_suggestion_stands_at_the_cursor(script, case):
    text, changes, cursor, at = CASES[case]
    async with running_editor(*script(infills=["value"])) as editor:
        await editor.until_loaded()
        editor.open(URI, text)
        if changes:
            editor.change(URI, 2, *changes)
        item = await editor.suggestion(URI, *cursor)
        assert item.range == range_at(*at, *at)
        assert item.insert_text == "value"


async def test_crlf_comes_back(script):
    answer = "if x:\n        return 1\n    return 2"
    async with running_editor(*script(infills=[answer])) as editor:
        await editor.until_loaded()
        editor.open(URI, "def f(x):\r\n    \r\n")
        item = await editor.suggestion(URI, 1, 4)
        assert item.insert_text.startswith("if x:\r\n        return 1")
        assert "\n" not in item.insert_text.replace("\r\n", "")


async def test_a_two_megabyte_line(script):
    async with running_editor(*script(infills=["99"])) as editor:
        await editor.until_loaded()
        editor.open(URI, "x = [" + "1, " * 700_000 + "]")
        item = await editor.suggestion(URI, 0, 1_000_001)
        assert item.range.start.character == 1_000_001


async def test_a_file_without_a_grammar(script):
    async with running_editor(*script(infills=["world"])) as editor:
        await editor.until_loaded()
        editor.open("file:///project/a.cob", "DISPLAY 'hello ", language="cobol")
        item = await editor.suggestion("file:///project/a.cob", 0, 15)
        assert item.insert_text == "world"


async def test_a_closed_document_gets_null(script):
    async with running_editor(*script(infills=["value"])) as editor:
        await editor.until_loaded()
        assert await editor.complete(URI, 0, 0) is None
