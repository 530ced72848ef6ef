// The story of one who works with it: suggestions, actions, switches, and an engine that dies.
// Started by test_vscode.py, which reads what was seen.

const { readFileSync, writeFileSync } = require('node:fs');
const { engine, play, task, SECONDS } = require('./vscode_person.js');

async function ghostText(person) {
  await person.open('file.py');
  await person.keyboard.press('Control+End');
  await person.keyboard.type('r');
  await person.ghost.first().waitFor();
  await person.line('    return max(values)');
  await person.picture('ghost-text');
  return { lines: await person.lines() };
}

async function accepted(person) {
  await person.keyboard.press('Tab');
  await person.noGhost();
  await person.keyboard.press('Escape');
  return { lines: await person.lines() };
}

async function byWord(person) {
  await person.open('words.py');
  await person.keyboard.press('Control+End');
  await person.keyboard.type('r');
  await person.line('    return max(values)');
  await person.keyboard.press('Control+ArrowRight');
  await person.keyboard.press('Escape');
  await person.noGhost();
  return { lines: await person.lines() };
}

async function copied(person) {
  await person.open('copied.py');
  await person.keyboard.press('Control+Home');
  await person.keyboard.press('Shift+ArrowDown');
  await person.keyboard.press('Control+c');
  await person.keyboard.press('Control+End');
  await person.keyboard.press('Control+v');
  await person.until('it is there twice', async () =>
    (await person.lines()).filter((line) => line === 'copied = 1').length === 2);
  await person.keyboard.press('Escape');
  return {};
}

async function several(person) {
  await person.open('several.py');
  await person.keyboard.press('Control+End');
  await person.command('Trigger Inline Suggestion');
  await person.line('    return max(values)');
  await person.keyboard.press('Alt+]');
  await person.line('    return values[0]');
  await person.picture('several');
  await person.keyboard.press('Alt+[');
  await person.line('    return max(values)');
  await person.keyboard.press('Escape');
  return {};
}

async function explain(person) {
  await person.open('file.py');
  await person.keyboard.press('Control+Home');
  await person.keyboard.press('Shift+ArrowDown');
  await person.keyboard.press('Shift+ArrowDown');
  await person.command('Code Llama: Explain');
  const first = await person.preview('It answers');
  await person.status('thinking');
  writeFileSync(task.gate, '');
  const text = await person.preview('forty-two');
  await person.status('ready');
  await person.picture('explain');
  await closePages(person);
  return { first, text };
}

async function closePages(person) {
  await person.command('View: Close All Editors in Group');
  await person.page.locator('.tab', { hasText: 'Preview' }).waitFor({ state: 'detached' });
}

async function generate(person) {
  await person.open('file.py');
  await person.keyboard.press('Control+Home');
  await person.keyboard.press('Shift+ArrowDown');
  await person.keyboard.press('Shift+ArrowDown');
  await person.command('Code Llama: Generate');
  const box = person.page.locator('.quick-input-widget', { hasText: 'What should be written?' });
  await box.waitFor();
  await person.picture('generate');
  await person.keyboard.type('answer everything');
  await person.keyboard.press('Enter');
  await person.line('    return 42');
  return { lines: await person.lines() };
}

async function lightBulb(person) {
  await person.page.locator('.editor-instance .squiggly-error').first().waitFor();
  await person.keyboard.press('Control+Home');
  await person.keyboard.press('F8');
  await person.keyboard.press('Escape');
  const entry = person.page.locator('.action-widget .monaco-list-row', { hasText: 'Fix' }).first();
  // The menu shows what there is when it opens: where that was too early, it is opened again.
  await person.insisting(() => person.keyboard.press('Control+.'), entry);
  return entry;
}

async function fix(person) {
  await person.open('broken.json');
  await lightBulb(person);
  await person.picture('fix');
  await person.keyboard.press('Enter');
  await person.line('{ "a": 1, "b": 2 }');
  return { lines: await person.lines() };
}

async function confirmed(person) {
  await person.restarting(() => person.setting('codellama.confirmEdits', true));
  await person.open('also-broken.json');
  await lightBulb(person);
  await person.keyboard.press('Enter');
  const apply = person.page.locator('.monaco-button', { hasText: 'Apply' }).first();
  await apply.waitFor();
  await person.picture('confirm');
  const before = await person.lines();
  // What needs to be confirmed is not ticked at first.
  await person.page.locator('.bulk-edit-panel .edit-checkbox').first().click();
  await apply.click();
  await person.line('{ "a": 1, "b": 2 }');
  await person.restarting(() => person.setting('codellama.confirmEdits', undefined));
  return { before, lines: await person.lines() };
}

async function menu(person) {
  const entry = await person.menu('Turn suggestions off');
  await person.picture('menu');
  const entries = await person.row('').allTextContents();
  await entry.click();
  await person.status('off');
  await (await person.menu('Turn suggestions on')).click();
  await person.status('ready');
  return { entries: entries.map((text) => text.trim()) };
}

async function language(person) {
  await person.open('file.py');
  await (await person.menu('Turn them off for python')).click();
  await person.status('off for python');
  const set = person.settings()['codellama.completion.languages_off'];
  await person.open('broken.json');
  await person.status('ready');
  person.setting('codellama.completion.languages_off', undefined);
  await person.open('file.py');
  await person.status('ready');
  return { set };
}

async function snooze(person) {
  await (await person.menu('Snooze suggestions')).click();
  await person.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  const entries = await person.row('').allTextContents();
  await person.keyboard.press('Escape');
  return { entries };
}

// Only that it opens: what VS Code writes its logs with is not compiled in the one for tests.
async function openLog(person) {
  await (await person.menu('Open the log')).click();
  const channels = person.page.locator('.part.panel select');
  await channels.first().waitFor();
  const selected = await channels.evaluateAll((all) => all.map((one) => one.selectedOptions[0]?.text));
  await person.command('View: Hide Panel');
  await channels.first().waitFor({ state: 'hidden' });
  return { selected };
}

async function chooseModel(person) {
  await (await person.menu('Choose the model')).click();
  await person.row('qwen2.5-coder-1.5b').waitFor();
  await person.picture('choose-model');
  await person.row('qwen2.5-coder-1.5b').click();
  const question = person.notification('qwen2.5-coder-1.5b is not on this machine yet: 1.1 GB');
  await question.waitFor();
  await person.press(question, 'Download');
  const chosen = await person.until('the settings', () =>
    person.settings()['codellama.models.instruct'] && person.settings()['codellama.models.infill']);
  await person.status('ready');
  return { chosen, instruct: person.settings()['codellama.models.instruct'] };
}

async function killed(person) {
  await person.open('killed.py');
  await person.keyboard.press('Control+End');
  await person.status('ready');
  process.kill(engine(), 'SIGKILL');
  await person.status('engine gone');
  await person.picture('engine-gone');
  // The next engine loads and loads, and is killed too; the one after it answers.
  writeFileSync(task.script, JSON.stringify({ never_ready: true, percentages: [40] }));
  await person.keyboard.type('r');
  await person.status('loading 40 %');
  await person.picture('loading');
  writeFileSync(task.script, JSON.stringify({ infills: ['eturn max(values)'] }));
  process.kill(engine(), 'SIGKILL');
  await person.line('    return max(values)');
  await person.status('ready');
  await person.keyboard.press('Escape');
  return {};
}

async function restarted(person) {
  const before = engine();
  const entry = await person.menu('Restart the engine');
  await person.restarting(() => entry.click());
  return { before, after: engine() };
}

async function failed(person) {
  writeFileSync(task.script, JSON.stringify({ load_error: 'There is no such model. Choose another.' }));
  await (await person.menu('Restart the engine')).click();
  const item = await person.status('error');
  await item.hover();
  const tooltip = person.page.locator('.monaco-hover', { hasText: 'There is no such model' });
  await tooltip.waitFor();
  await person.picture('error');
  return {};
}

async function doctor(person) {
  await (await person.menu('Doctor')).click();
  const text = await person.preview('Program', 120 * SECONDS);
  await person.picture('doctor');
  return { text };
}

/** The question before a model is downloaded that is not there. */
async function asked(person, model) {
  await (await person.menu('Choose the model')).click();
  await person.row(model).first().waitFor();
  await person.row(model).first().click();
  const question = person.notification(`${model} is not on this machine yet`);
  await question.waitFor();
  return question;
}

async function licence(person) {
  const declined = await asked(person, 'codellama-7b');
  const text = await declined.textContent();
  await person.picture('licence');
  await declined.locator('.codicon-notifications-clear').first().click();
  await declined.waitFor({ state: 'detached' });
  const question = await asked(person, 'codellama-7b');
  const before = readFileSync(task.pulls, 'utf8');
  await person.press(question, 'Accept and Download');
  await person.until('the setting', () => person.settings()['codellama.models.infill'] === 'codellama-7b');
  return { text, before, after: readFileSync(task.pulls, 'utf8') };
}

play(
  [ghostText, accepted, byWord, copied, several, explain, generate, fix, confirmed, menu, language, snooze, openLog, chooseModel,
    killed, restarted, failed, doctor, licence],
  (person) => person.status('ready', 180 * SECONDS),
);
