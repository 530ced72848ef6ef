// The story of one whose server is too old: it is installed anew, after all that was missing is there,
// and then the model is missing. Started by test_vscode_install.py, which reads what was seen.

const { existsSync, readFileSync, rmSync, symlinkSync } = require('node:fs');
const { join } = require('node:path');
const { play, task, SECONDS } = require('./vscode_person.js');

/** Puts a command on PATH, or takes it away: one of those that the test has laid out. */
function onPath(name, which) {
  const path = join(task.commands, name);
  rmSync(path, { force: true });
  if (which) {
    symlinkSync(join(task.laidOut, which), path);
  }
}

/** Presses Install in the notification with the text. */
async function pressInstall(person, text) {
  await person.press(person.notification(text), 'Install');
}

/** What is told when Install is pressed, and whether another try is offered. */
async function refused(person, before, problem) {
  await pressInstall(person, before);
  const told = person.notification(problem);
  await told.waitFor();
  await person.status('not installed');
  return { text: await told.textContent(), buttons: await told.locator('.monaco-button').allTextContents() };
}

const noPython = (person) => refused(person, 'is version 0.0.1', 'was not found');

async function oldPython(person) {
  onPath('python3', 'python-3.10');
  return refused(person, 'was not found', 'Python 3.11 or later');
}

async function noVenv(person) {
  onPath('python3', 'python-without-venv');
  return refused(person, 'Python 3.11 or later', "can't make environments");
}

async function noCompiler(person) {
  onPath('python3', 'python');
  return refused(person, "can't make environments", 'C++ compiler');
}

async function cancelled(person) {
  onPath('c++', 'compiler');
  onPath('python3', 'python-that-hangs');
  await pressInstall(person, 'C++ compiler');
  const progress = person.notification('making a Python environment');
  await person.until('it hangs', () => existsSync(task.hanging) && readFileSync(task.hanging, 'utf8').endsWith('\n'));
  const begun = existsSync(task.own);
  await person.press(progress, 'Cancel');
  const told = person.notification('The installation was cancelled');
  await told.waitFor();
  await person.picture('cancelled');
  await person.until('what ran is ended', () => !runs(Number(readFileSync(task.hanging, 'utf8'))));
  onPath('python3', 'python');
  return { begun, left: existsSync(task.own), text: await told.textContent() };
}

function runs(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function outdated(person) {
  const told = person.notification('is version 0.0.1');
  await told.waitFor();
  await person.picture('outdated');
  return { text: await told.textContent() };
}

async function install(person) {
  await pressInstall(person, 'The installation was cancelled');
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

play([outdated, noPython, oldPython, noVenv, noCompiler, cancelled, install, walkthrough, wrongPath], (person) =>
  person.page.locator('.statusbar-item', { hasText: 'Code Llama:' }).first().waitFor({ timeout: 180 * SECONDS }));
