"""Notebooks as editors send them: cells are opened, added, edited and closed."""

from lsprotocol import types

from tests.e2e.editor import range_at, running_editor

NOTEBOOK = "file:///project/n.ipynb"


def cell(n):
    return f"vscode-notebook-cell:/project/n.ipynb#{n}"


def notebook_cell(n, kind=types.NotebookCellKind.Code):
    return types.NotebookCell(kind, cell(n))


def text(n, content, language="python"):
    return types.TextDocumentItem(cell(n), language, 1, content)


CAPABILITIES = types.ClientCapabilities(
    window=types.WindowClientCapabilities(work_done_progress=True),
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities()
    ),
    notebook_document=types.NotebookDocumentClientCapabilities(
        synchronization=types.NotebookDocumentSyncClientCapabilities()
    ),
)


def open_notebook(editor):
    editor.client.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(NOTEBOOK, "jupyter-notebook", 1, [notebook_cell(0)]),
            [text(0, "count = 1\n")],
        )
    )


async def test_a_cell_gets_suggestions_and_a_closed_notebook_none(script):
    async with running_editor(*script(infills=["count"] * 3), capabilities=CAPABILITIES) as editor:
        assert editor.capabilities.notebook_document_sync
        await editor.until_loaded()
        open_notebook(editor)
        structure = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(1, 0, [notebook_cell(1)]), did_open=[text(1, "x ")]
        )
        typed = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(uri=cell(1), version=2),
            [types.TextDocumentContentChangePartial(range=range_at(0, 2, 0, 2), text="= ")],
        )
        editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(2, NOTEBOOK),
                types.NotebookDocumentChangeEvent(
                    cells=types.NotebookDocumentCellChanges(structure, text_content=[typed])
                ),
            )
        )
        item = await editor.suggestion(cell(1), 0, 4)
        assert (item.insert_text, item.range) == ("count", range_at(0, 4, 0, 4))
        editor.client.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(
                types.NotebookDocumentIdentifier(NOTEBOOK),
                [types.TextDocumentIdentifier(cell(0)), types.TextDocumentIdentifier(cell(1))],
            )
        )
        assert await editor.complete(cell(1), 0, 4) is None
