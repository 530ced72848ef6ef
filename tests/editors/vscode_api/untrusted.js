// In a workspace that is not trusted, whose settings and environment name commands of its own; the
// real server is on PATH.

const assert = require('node:assert');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { extensions, workspace } = require('vscode');
const { accept, all, serverIsThere, typed, until } = require('./check.js');

async function the_workspace_is_not_trusted() {
  assert.strictEqual(workspace.isTrusted, false);
}

async function the_extension_is_active() {
  const extension = () => extensions.getExtension('codellama-lsp.codellama-lsp');
  await until('it is active', () => extension()?.isActive);
}

async function its_setting_is_ignored() {
  assert.strictEqual(workspace.getConfiguration('codellama').get('serverPath'), '');
}

async function the_server_on_path_is_started_and_completes() {
  await serverIsThere();
  const editor = await typed('def f(values):\n    ');
  await accept(editor, 'editor.action.inlineSuggest.commit');
}

async function its_commands_were_not_run() {
  const [folder] = workspace.workspaceFolders;
  assert.ok(!existsSync(join(folder.uri.fsPath, 'was-run')));
}

exports.run = () => all({
  the_workspace_is_not_trusted,
  the_extension_is_active,
  its_setting_is_ignored,
  the_server_on_path_is_started_and_completes,
  its_commands_were_not_run,
});
