// Opens VS Code with the extension under test and runs one of the files beside this one inside it.
// Prints what it says; exits with its outcome.

const task = JSON.parse(process.argv[2]);
const LIMIT_MS = 240_000;

async function main() {
  const browser = await require(task.playwright).chromium.launch({
    executablePath: task.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 } });
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
