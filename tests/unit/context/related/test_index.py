"""What other files are shown for a place."""

import pytest

from lsp_server.config import Files
from lsp_server.context.related.chunk import names_in
from lsp_server.context.related.index import RelatedIndex
from lsp_server.documents import DocumentSnapshot, Edit

SHOP = '''"""Orders."""

TAX = 0.2


class Order:
    """An order."""

    def total(self, discount: float) -> float:
        net = sum(self.items)
        return net * (1 - discount)


def load_order(path: str) -> Order:
    """Read an order."""
    with open(path) as file:
        return Order(file)


def unused_thing(path):
    text = path
    return text
'''
MAIN = "from shop import load_order\n\n\ndef main():\n    order = load_order('a')\n    \n"


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    return tmp_path.resolve()


@pytest.fixture
def index(workspace):
    index = RelatedIndex([workspace], Files())
    yield index
    index.close()


def document(workspace, name, text, language="python"):
    return DocumentSnapshot((workspace / name).as_uri(), 1, language, text)


def chunks(index, snapshot, line):
    offset = snapshot.line_starts[line]
    index.chunks_for(snapshot, offset)
    index.wait(snapshot.uri)
    return index.chunks_for(snapshot, offset)


def test_definitions_that_an_imported_file_has_and_that_are_named_here(index, workspace):
    main = document(workspace, "main.py", MAIN)
    index.note_open(main)
    found = chunks(index, main, 5)
    assert [(chunk.path, chunk.text.split("\n")[0]) for chunk in found] == [
        ("shop.py", "def load_order(path: str) -> Order:")
    ]
    assert "with open" not in found[0].text


def test_an_open_file_counts_as_it_is_in_the_editor(index, workspace):
    main = document(workspace, "main.py", MAIN)
    shop = document(workspace, "shop.py", SHOP.replace("path: str", "path: Path"))
    index.note_open(shop)
    index.note_open(main)
    assert chunks(index, main, 5)[0].text.startswith("def load_order(path: Path) -> Order:")


def test_a_name_of_an_open_file_that_is_not_imported(index, workspace):
    other = document(
        workspace, "b.go", "package b\n\nfunc Widen(x int) int {\n\treturn x\n}\n", "go"
    )
    main = document(workspace, "a.go", "package b\n\nfunc F() int {\n\treturn Widen()\n}\n", "go")
    index.note_open(other)
    index.note_open(main)
    assert [chunk.path for chunk in chunks(index, main, 3)] == ["b.go"]
    index.note_closed(other.uri)
    assert chunks(index, main, 4) == []


def test_a_document_that_is_closed_while_its_choice_is_made(index, workspace, monkeypatch, caplog):
    main = document(workspace, "main.py", MAIN)

    def names_while_closing(text):
        index.note_closed(main.uri)
        return names_in(text)

    monkeypatch.setattr("lsp_server.context.related.index.names_in", names_while_closing)
    index.note_open(main)
    index.chunks_for(main, 0)
    index._thread.shutdown(wait=True)
    assert caplog.records == []


def test_recent_edits_of_other_files(index, workspace):
    lines = "".join(f"value_{n} = compute({n})\n" for n in range(80))
    other = document(workspace, "notes.py", lines)
    index.note_open(other)
    at = lines.index("value_40")
    for n, letter in enumerate("fresh"):
        other = other.edited(n + 2, Edit(at + n, at + n, letter))
        index.note_changed(other)
    main = document(workspace, "main.py", "x = value_41\n")
    index.note_open(main)
    found = chunks(index, main, 0)
    assert [chunk.path for chunk in found] == ["notes.py"]
    assert "freshvalue_40" in found[0].text
    # Not for the file that it is from.
    assert chunks(index, other, 3) == []


def test_what_was_just_copied(index, workspace):
    lines = "".join(f"value_{n} = compute({n})\n" for n in range(80))
    other = document(workspace, "notes.py", lines)
    index.note_open(other)
    index.note_copied(other, 40, 43)
    main = document(workspace, "main.py", "x = value_41\n")
    index.note_open(main)
    (found,) = chunks(index, main, 0)
    assert found.path == "notes.py"
    assert found.text.splitlines() == [f"value_{n} = compute({n})" for n in range(40, 44)]


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (5, 2), (99, 120)])
def test_lines_that_there_are_not_are_not_copied(index, workspace, first, last):
    other = document(workspace, "notes.py", "value = 1\n" * 9)
    index.note_open(other)
    index.note_copied(other, first, last)
    main = document(workspace, "main.py", "x = value\n")
    index.note_open(main)
    assert chunks(index, main, 0) == []


def test_an_excluded_file_is_never_shown(workspace):
    index = RelatedIndex([workspace], Files(exclude=["shop.py"]))
    shop = document(workspace, "shop.py", SHOP)
    main = document(workspace, "main.py", MAIN)
    index.note_open(shop)
    index.note_changed(shop.edited(2, Edit(0, 0, "# load_order\n")))
    index.note_copied(shop, 0, 12)
    index.note_open(main)
    assert chunks(index, main, 5) == []
    index.close()


def test_the_choice_stays_while_a_line_is_typed(index, workspace):
    main = document(workspace, "main.py", MAIN)
    index.note_open(main)
    found = chunks(index, main, 5)
    for n, letter in enumerate("    unused_thing()"):
        at = main.line_starts[5] + n
        main = main.edited(n + 2, Edit(at, at, letter))
        index.note_changed(main)
        assert index.chunks_for(main, at) is found
    assert len(chunks(index, main, 4)) == 2
