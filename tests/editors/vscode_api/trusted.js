// In a trusted workspace of two folders, with a Python environment that has the server.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { promisify } = require('node:util');
const { commands, extensions, languages, NotebookCellKind, Range, Uri, window, workspace, ...vscode } = require('vscode');
const { accept, all, serverIsThere, typed, until } = require('./check.js');

const SUGGESTION = 'return max(values)\n    # the largest';

async function is_active_and_tells_no_telemetry() {
  const extension = extensions.getExtension('codellama-lsp.codellama-lsp');
  await until('it is active', () => extension.isActive);
  assert.deepStrictEqual(extension.packageJSON.extensionKind, ['workspace']);
  assert.ok(!JSON.stringify(extension.packageJSON.dependencies).includes('telemetry'));
}

async function the_server_of_the_python_environment_is_started() {
  // There is no setting and none on PATH.
  assert.strictEqual(workspace.getConfiguration('codellama').get('serverPath'), '');
  await serverIsThere();
}

async function every_command_is_registered() {
  const { contributes } = extensions.getExtension('codellama-lsp.codellama-lsp').packageJSON;
  const registered = await commands.getCommands(true);
  for (const { command } of contributes.commands) {
    assert.ok(registered.includes(command), command);
  }
}

async function the_whole_is_accepted() {
  const editor = await typed('def f(values):\n    ');
  await accept(editor, 'editor.action.inlineSuggest.commit');
  assert.strictEqual(editor.document.getText(), `def f(values):\n    ${SUGGESTION}`);
}

async function a_word_is_accepted() {
  const editor = await typed('def f(values):\n    ');
  await accept(editor, 'editor.action.inlineSuggest.acceptNextWord');
  assert.strictEqual(editor.document.getText().trimEnd(), 'def f(values):\n    return');
}

async function a_line_is_accepted() {
  const editor = await typed('def f(values):\n    ');
  await accept(editor, 'editor.action.inlineSuggest.acceptNextLine');
  assert.strictEqual(editor.document.getText().trimEnd(), 'def f(values):\n    return max(values)');
}

async function one_undo_takes_a_suggestion_back() {
  const editor = await typed('def f(values):\n    ');
  await accept(editor, 'editor.action.inlineSuggest.commit');
  await commands.executeCommand('undo');
  assert.strictEqual(editor.document.getText(), 'def f(values):\n    ');
}

async function both_folders_are_served() {
  assert.strictEqual(workspace.workspaceFolders.length, 2);
  for (const folder of workspace.workspaceFolders) {
    const document = await workspace.openTextDocument(Uri.joinPath(folder.uri, 'file.py'));
    const editor = await window.showTextDocument(document);
    await commands.executeCommand('cursorBottom');
    await accept(editor, 'editor.action.inlineSuggest.commit');
    assert.ok(document.getText().endsWith(SUGGESTION), document.getText());
    await commands.executeCommand('workbench.action.files.revert');
  }
}

async function a_language_that_is_switched_off_gets_none_and_changes_apply_live() {
  const configuration = () => workspace.getConfiguration('codellama');
  await configuration().update('completion.languages_off', ['python'], true);
  assert.deepStrictEqual(configuration().inspect('completion.languages_off').globalValue, ['python']);
  await typed('def f(values):\n    ');
  await commands.executeCommand('codellama.toggleLanguage');
  await until('it is on again', () => configuration().get('completion.languages_off').length === 0);
  // VS Code does not ask again at a place where there was nothing: each try is a document of its own.
  await until('it is suggested again', async () => {
    const { document } = await typed('def f(values):\n    ');
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await commands.executeCommand('editor.action.inlineSuggest.commit');
    return document.getText() !== 'def f(values):\n    ';
  });
  await configuration().update('completion.languages_off', undefined, true);
}

async function a_workspace_can_not_choose_the_model() {
  const { scope } = extensions.getExtension('codellama-lsp.codellama-lsp').packageJSON
    .contributes.configuration.properties['codellama.models.infill'];
  assert.strictEqual(scope, 'machine');
  assert.notStrictEqual(workspace.getConfiguration('codellama').get('models.infill'), 'of-the-workspace');
}

async function actions_are_offered_and_a_diagnostic_gets_its_fix() {
  const editor = await typed('def f(values):\n    return max(value)\n');
  const where = new Range(1, 15, 1, 20);
  const collection = languages.createDiagnosticCollection('test');
  collection.set(editor.document.uri, [new vscode.Diagnostic(where, 'value is not defined')]);
  const titles = async (range) => {
    const found = await commands.executeCommand('vscode.executeCodeActionProvider', editor.document.uri, range);
    return found.map((action) => action.title);
  };
  await until('the fix', async () => (await titles(where)).some((title) => title.includes('Fix')));
  const all = await titles(new Range(0, 0, 1, 21));
  assert.ok(all.includes('Explain'), all.join());
  collection.dispose();
}

async function a_notebooks_cell_is_completed() {
  const cells = ['def f(values):\n    pass', 'def g(values):\n    '].map(
    (text) => new vscode.NotebookCellData(NotebookCellKind.Code, text, 'python'));
  const notebook = await workspace.openNotebookDocument('jupyter-notebook', new vscode.NotebookData(cells));
  await window.showNotebookDocument(notebook, { selections: [new vscode.NotebookRange(1, 2)] });
  await commands.executeCommand('notebook.cell.edit');
  await until('the cell is edited', () => window.activeTextEditor?.document === notebook.cellAt(1).document);
  await commands.executeCommand('cursorBottom');
  await accept(notebook.cellAt(1), 'editor.action.inlineSuggest.commit');
  assert.strictEqual(notebook.cellAt(1).document.getText(), `def g(values):\n    ${SUGGESTION}`);
}

async function where_the_cursor_rests_is_prepared_before_a_key() {
  const prepared = async () => {
    const { stdout } = await promisify(execFile)(process.env.CODELLAMA_TEST_SERVER, ['engine', 'status', '--json']);
    return Object.values(JSON.parse(stdout)[0].served.background).reduce((sum, count) => sum + count, 0);
  };
  const before = await prepared();
  await typed('def resting(values):\n    ');
  await until('the engine is asked, though nothing was typed', async () => (await prepared()) > before);
}

async function what_is_copied_is_told() {
  const editor = await typed('first = 1\nsecond = 2\nthird = 3\n');
  editor.selection = new vscode.Selection(1, 0, 2, 5);
  await commands.executeCommand('editor.action.clipboardCopyAction');
  const range = JSON.stringify({ start: { line: 1, character: 0 }, end: { line: 2, character: 5 } });
  await until('the server is told', () => {
    const told = readFileSync(process.env.CODELLAMA_TEST_TOLD, 'utf8');
    return told.includes('"codellama/copied"') && told.includes(range);
  });
}

exports.run = () => all({
  is_active_and_tells_no_telemetry,
  the_server_of_the_python_environment_is_started,
  every_command_is_registered,
  the_whole_is_accepted,
  a_word_is_accepted,
  a_line_is_accepted,
  one_undo_takes_a_suggestion_back,
  both_folders_are_served,
  a_language_that_is_switched_off_gets_none_and_changes_apply_live,
  a_workspace_can_not_choose_the_model,
  actions_are_offered_and_a_diagnostic_gets_its_fix,
  a_notebooks_cell_is_completed,
  where_the_cursor_rests_is_prepared_before_a_key,
  what_is_copied_is_told,
});
