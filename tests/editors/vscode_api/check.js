// What the tests inside VS Code stand on: named checks, their outcome on the console, and waiting
// for what VS Code does in its own time.

const { commands, window, workspace } = require('vscode');

const PATIENCE_MS = 60_000;

/** Runs the checks one after another. Throws where one fails, after all have run. */
async function all(checks) {
  const failed = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      failed.push(name);
      console.log(`not ok ${name}: ${error && error.stack}`);
    }
  }
  if (failed.length > 0) {
    throw new Error(`failed: ${failed.join(', ')}`);
  }
}

async function until(what, holds) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await holds();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`did not happen: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The server's commands are there when it has answered initialize. */
const serverIsThere = () =>
  until('the server', async () => (await commands.getCommands(true)).includes('codellama.explain'));

/** Asks for a suggestion and accepts it with VS Code's own command. Nothing tells a test whether a
 * suggestion is shown, so accepting is tried until it changed the text; asking anew drops what was
 * asked, so that comes less and less often. */
async function accept({ document }, command) {
  const before = document.getText();
  const changed = () => document.getText() !== before;
  let tries = 5;
  await until(`${command} changes the text`, async () => {
    // A window that has just been opened may have its focus elsewhere.
    await commands.executeCommand('workbench.action.focusActiveEditorGroup');
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
    for (let i = 0; i < tries && !changed(); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await commands.executeCommand(command);
    }
    tries *= 2;
    return changed();
  });
  await commands.executeCommand('editor.action.inlineSuggest.hide');
}

/** A new untitled document in an editor, the cursor at its end. */
async function typed(content, language = 'python') {
  const document = await workspace.openTextDocument({ content, language });
  const editor = await window.showTextDocument(document);
  await commands.executeCommand('cursorBottom');
  return editor;
}

module.exports = { accept, all, serverIsThere, typed, until };
