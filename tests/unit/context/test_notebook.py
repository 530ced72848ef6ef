"""A cell among the other cells of its notebook."""

import pytest

from lsp_server.context.notebook import notebook_view
from lsp_server.documents import Cell, DocumentSnapshot, DocumentStore, Edit


def notebook(*cells):
    """A store with one notebook; a cell is (language, text)."""
    store = DocumentStore()
    uris = [f"vscode-notebook-cell:/n.ipynb#{n}" for n in range(len(cells))]
    for uri, (language, text) in zip(uris, cells, strict=True):
        store.open(DocumentSnapshot(uri, 1, language, text))
    is_code = [language != "markdown" for language, _ in cells]
    store.open_notebook("file:///n.ipynb", map(Cell, uris, is_code))
    return store, uris


CELLS = [
    ("markdown", "# Title\n\nSome words."),
    ("python", "import os\n%matplotlib inline\n!ls"),
    ("python", "x = 1"),
    ("sql", "SELECT 1"),
    ("python", "print(x)\n"),
]


def test_the_cells_around_in_order():
    store, uris = notebook(*CELLS)
    view = notebook_view(store, uris[2])
    assert view.snapshot.text == (
        "# # Title\n#\n# Some words.\nimport os\n# %matplotlib inline\n# !ls\n"
        "x = 1\n# SELECT 1\nprint(x)\n"
    )
    assert view.snapshot.text[view.offset(0) : view.offset(5)] == "x = 1"
    assert view.in_cell(view.offset(3)) == 3
    assert (view.snapshot.uri, view.snapshot.language) == (uris[2], "python")


@pytest.mark.parametrize("n", range(5))
def test_each_cell_is_whole_in_its_view(n):
    store, uris = notebook(*CELLS)
    view = notebook_view(store, uris[n])
    assert view.snapshot.text.startswith(CELLS[n][1], view.start)


def test_cells_are_added_changed_and_removed():
    store, uris = notebook(("python", "a"), ("python", "b"), ("python", "c"))
    store.change_cells("file:///n.ipynb", 0, 2, [Cell(uris[1], True)])
    store.edit(uris[1], 2, Edit(0, 1, "B"))
    assert notebook_view(store, uris[2]).snapshot.text == "B\nc"
    assert notebook_view(store, uris[0]) is None
    store.close_notebook("file:///n.ipynb")
    assert notebook_view(store, uris[2]) is None


def test_a_document_of_its_own_has_no_view():
    store, _ = notebook()
    store.open(DocumentSnapshot("file:///a.py", 1, "python", "a"))
    assert notebook_view(store, "file:///a.py") is None


def test_carriage_returns_stay():
    store, uris = notebook(("markdown", "a\nb"), ("python", "x\r\ny"), ("python", "z"))
    assert notebook_view(store, uris[1]).snapshot.text == "# a\r\n# b\r\nx\r\ny\r\nz\r\n"
