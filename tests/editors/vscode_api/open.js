// Opens VS Code with the extension under test and runs one of the files beside this one inside it.
// Prints what it says; exits with its outcome.

const { open } = require('../vscode_browser.js');

const task = JSON.parse(process.argv[2]);
const LIMIT_MS = 240_000;

async function main() {
  const { browser, page } = await open(task);
  const ended = new Promise((resolve) => {
    setTimeout(() => resolve(2), LIMIT_MS).unref();
    page.exposeFunction('codeAutomationExit', (code) => resolve(code)).catch(() => resolve(3));
  });
  await page.exposeFunction('codeAutomationLog', (type, parts) => console.log(...[parts].flat()));
  const remote = (path) => `vscode-remote://${task.host}${path}`;
  const payload = [
    ['extensionDevelopmentPath', remote(task.extension)],
    ['extensionTestsPath', remote(task.tests)],
  ];
  const query = new URLSearchParams({ [task.kind]: task.workspace, payload: JSON.stringify(payload) });
  await page.goto(`http://${task.host}/?${query}`);
  const code = await ended;
  await page.screenshot({ path: `${task.pictures}/api-${task.name}.png` }).catch(() => undefined);
  await browser.close();
  process.exit(code);
}

main();
