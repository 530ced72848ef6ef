// The story of one whose server is too old: it is installed anew, and then the model is missing.
// Started by test_vscode_install.py, which reads what was seen.

const { play, SECONDS } = require('./vscode_person.js');

async function outdated(person) {
  const told = person.notification('is version 0.0.1');
  await told.waitFor();
  await person.picture('outdated');
  return { text: await told.textContent() };
}

async function install(person) {
  const told = person.notification('is version 0.0.1');
  await told.locator('.monaco-button', { hasText: 'Install' }).click();
  await person.status('installing');
  await person.notification('installing the server').waitFor({ timeout: 120 * SECONDS });
  await person.picture('installing');
  await person.status('error', 180 * SECONDS);
  const missing = person.notification('codellama-lsp models pull');
  await missing.waitFor();
  await person.picture('model-missing');
  const buttons = await missing.locator('.monaco-button').allTextContents();
  await missing.locator('.codicon-notifications-clear').first().click();
  return { buttons };
}

async function walkthrough(person) {
  await person.command('Code Llama: Get Started');
  await person.page.locator('.getting-started-step', { hasText: 'Choose a model' }).first().waitFor();
  await person.picture('walkthrough');
  const steps = await person.page.locator('.getting-started-step').allTextContents();
  return { steps };
}

async function wrongPath(person) {
  person.setting('codellama.serverPath', '/no/such/codellama-lsp');
  await person.status('not installed');
  const told = person.notification('There is no command at /no/such/codellama-lsp');
  await told.waitFor();
  await person.picture('missing');
  const buttons = await told.locator('.monaco-button').allTextContents();
  return { buttons };
}

play([outdated, install, walkthrough, wrongPath], (person) =>
  person.page.locator('.statusbar-item', { hasText: 'Code Llama:' }).first().waitFor({ timeout: 180 * SECONDS }));
