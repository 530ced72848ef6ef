import pytest

from lsp_server.context.languages import language_of
from lsp_server.context.outlining import outline_of
from lsp_server.documents import DocumentSnapshot


@pytest.mark.parametrize("lines", [1, 1_000])
@pytest.mark.parametrize(
    ("language_id", "line", "other"),
    [
        ("javascript", 'const fs = require("fs");', 'const fs = required("fs");'),
        ("typescript", 'const fs = require("fs");', 'const fs = required("fs");'),
        ("ruby", 'require "json"', 'puts "json"'),
        ("lua", 'local a = require("a")', 'local a = print("a")'),
        ("shellscript", "source lib.sh", "cat lib.sh"),
    ],
)
def test_a_call_that_imports_is_known_by_its_name(language_id, line, other, lines):
    """In a long file, too, whose text is read in parts."""
    filling = language_of(language_id, "").comment_line("é" * 90) + "\n"
    text = filling * lines + f"{line}\n{other}\n" + filling * lines
    outline = outline_of(DocumentSnapshot("file:///a", 1, language_id, text))
    assert [found.piece.text.strip() for found in outline.imports] == [line]
