// Uses VS Code in a browser as a person does, and says what was seen: one JSON object, a member for
// each step. Started by test_vscode.py.

const { join } = require('node:path');

const { playwright, chromium, url, folder } = JSON.parse(process.argv[2]);
const SECONDS = 1000;
const seen = {};

const plain = (text) => (text ?? '').replaceAll('\u00a0', ' ');

async function main() {
  const browser = await require(playwright).chromium.launch({
    executablePath: chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 } });
  page.setDefaultTimeout(60 * SECONDS);
  const person = new Person(page);
  try {
    await page.goto(url);
    await person.status('ready', 180 * SECONDS);
    for (const step of [ghostText, accepted, explain, generate, fix, menu]) {
      try {
        seen[step.name] = await step(person, page);
      } catch (error) {
        seen[step.name] = { error: String(error) };
        await person.picture(`failed-${step.name}`);
        await page.keyboard.press('Escape');
      }
    }
  } catch (error) {
    seen.start = { error: String(error) };
    await person.picture('failed-start');
  } finally {
    await browser.close();
  }
}

class Person {
  constructor(page) {
    this.page = page;
  }

  async open(name) {
    await this.page.keyboard.press('Control+p');
    await this.page.locator('.quick-input-widget input').first().fill(name);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().waitFor();
    await this.page.keyboard.press('Enter');
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().click();
  }

  async command(title) {
    await this.page.keyboard.press('F1');
    await this.page.locator('.quick-input-widget input').first().fill(`>${title}`);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
    await this.page.keyboard.press('Enter');
  }

  async lines() {
    const texts = await this.page.locator('.editor-instance .view-line').evaluateAll((lines) =>
      lines
        .map((line) => [parseFloat(line.style.top), line.textContent])
        .sort(([one], [other]) => one - other)
        .map(([, text]) => text));
    return texts.map(plain);
  }

  async until(what, holds, limit = 60 * SECONDS) {
    const end = Date.now() + limit;
    for (;;) {
      const found = await holds();
      if (found) {
        return found;
      }
      if (Date.now() > end) {
        throw new Error(`did not happen: ${what}`);
      }
      await this.page.waitForTimeout(100);
    }
  }

  async line(text) {
    return this.until(`the line ${text}`, async () => (await this.lines()).includes(text));
  }

  async status(word, limit) {
    const item = this.page.locator('.statusbar-item', { hasText: `Code Llama: ${word}` });
    await item.first().waitFor({ timeout: limit });
    return item.first();
  }

  async picture(name) {
    await this.page.screenshot({ path: join(folder, `${name}.png`) }).catch(() => undefined);
  }
}

async function ghostText(person, page) {
  await person.open('file.py');
  await page.keyboard.press('Control+End');
  await page.keyboard.type('r');
  await page.locator('.ghost-text, .ghost-text-decoration').first().waitFor();
  await person.line('    return max(values)');
  await person.picture('ghost-text');
  return { lines: await person.lines() };
}

async function accepted(person, page) {
  await page.keyboard.press('Tab');
  await person.until('no ghost text', async () =>
    (await page.locator('.ghost-text, .ghost-text-decoration').count()) === 0);
  await page.keyboard.press('Escape');
  return { lines: await person.lines() };
}

async function explain(person, page) {
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await person.command('Code Llama: Explain');
  const text = await person.until('the page', async () => {
    for (const frame of page.frames()) {
      const body = await frame.evaluate(() => document.body?.innerText ?? '').catch(() => '');
      if (body.includes('forty-two') && frame !== page.mainFrame()) {
        return body;
      }
    }
    return undefined;
  });
  await person.picture('explain');
  await person.command('View: Close All Editors in Group');
  await page.locator('.tab', { hasText: 'Preview' }).waitFor({ state: 'detached' });
  return { text };
}

async function generate(person, page) {
  await person.open('file.py');
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await person.command('Code Llama: Generate');
  const box = page.locator('.quick-input-widget', { hasText: 'What should be written?' });
  await box.waitFor();
  await person.picture('generate');
  await page.keyboard.type('answer everything');
  await page.keyboard.press('Enter');
  await person.line('    return 42');
  return { lines: await person.lines() };
}

async function fix(person, page) {
  await person.open('broken.json');
  await page.locator('.squiggly-error').first().waitFor();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('F8');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+.');
  const entry = page.locator('.action-widget .monaco-list-row', { hasText: 'Fix' }).first();
  await entry.waitFor();
  await person.picture('fix');
  await page.keyboard.press('Enter');
  await person.line('{ "a": 1, "b": 2 }');
  return { lines: await person.lines() };
}

async function menu(person, page) {
  await (await person.status('ready', 60 * SECONDS)).click();
  const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: 'Turn suggestions off' });
  await entry.waitFor();
  await person.picture('menu');
  await entry.click();
  await person.status('off', 60 * SECONDS);
  return { off: true };
}

main().then(() => console.log(JSON.stringify(seen)));
