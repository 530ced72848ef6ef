// A person who uses VS Code in a browser. A story is a file with steps; `play` follows it and prints
// what was seen: one JSON object, a member for each step.

const { join } = require('node:path');
const { readFileSync, readdirSync, statSync, writeFileSync } = require('node:fs');
const { open } = require('./vscode_browser.js');

const task = JSON.parse(process.argv[2]);
const SECONDS = 1000;
const plain = (text) => (text ?? '').replaceAll('\u00a0', ' ');

class Person {
  constructor(page) {
    this.page = page;
    this.keyboard = page.keyboard;
  }

  async open(name) {
    const exactly = new RegExp(`^${name.replace('.', '[.]')}$`);
    await this.page.locator('.explorer-folders-view .label-name', { hasText: exactly }).dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.page.locator('.editor-instance .view-line').first().click();
  }

  async command(title) {
    // What comes to the front at the same moment takes the palette away again.
    const input = this.page.locator('.quick-input-widget input').first();
    await this.insisting(async () => {
      await this.keyboard.press('F1');
      await input.fill(`>${title}`, { timeout: 10 * SECONDS }).catch(() => {});
    }, this.row(title).first());
    await this.keyboard.press('Enter');
  }

  /** A row of the quick pick that is open. */
  row(text) {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
  }

  async lines() {
    const texts = await this.page.locator('.editor-instance .view-line').evaluateAll((lines) =>
      lines
        .map((line) => [parseFloat(line.style.top), line.textContent])
        .sort(([one], [other]) => one - other)
        .map(([, text]) => text));
    return texts.map(plain);
  }

  async until(what, holds, limit = 40 * SECONDS) {
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

  get ghost() {
    return this.page.locator('.ghost-text, .ghost-text-decoration');
  }

  async noGhost() {
    await this.until('no ghost text', async () => (await this.ghost.count()) === 0);
  }

  /** The status bar item, when it says the word. */
  async status(word, limit = 60 * SECONDS) {
    const item = this.page.locator('.statusbar-item', { hasText: `Code Llama: ${word}` }).first();
    await item.waitFor({ timeout: limit });
    return item;
  }

  /** Does what restarts the server and waits until it is ready again. That it starts may be said for
   * a moment only, so whatever the status bar says is written down. */
  async restarting(change) {
    await this.page.evaluate(() => {
      const bar = document.querySelector('.part.statusbar');
      window.saidOfStarting = false;
      const look = () => (window.saidOfStarting ||= bar.textContent.includes('Code Llama: starting'));
      new MutationObserver(look).observe(bar, { subtree: true, childList: true, characterData: true });
    });
    await change();
    await this.page.waitForFunction(() => window.saidOfStarting, undefined, { timeout: 60 * SECONDS });
    await this.status('ready');
  }

  /** Does what opens something and waits for it; as a person would, again where it did not open. */
  async insisting(open, shown) {
    for (let tries = 1; ; tries += 1) {
      await open();
      try {
        return await shown.waitFor({ timeout: 10 * SECONDS });
      } catch (error) {
        if (tries === 4) throw error;
        await this.keyboard.press('Escape');
      }
    }
  }

  async menu(entry) {
    const item = this.page.locator('.statusbar-item', { hasText: 'Code Llama:' }).first();
    await this.insisting(() => item.click(), this.row(entry));
    return this.row(entry);
  }

  notification(text) {
    return this.page.locator('.notification-list-item', { hasText: text }).first();
  }

  /** Presses a notification's button, from afar: where the mouse rests, a hint may lie over it. */
  async press(notification, label) {
    await this.page.mouse.move(300, 200);
    await notification.locator('.monaco-button', { hasText: label }).click();
  }

  /** The text of a Markdown preview that has the part. */
  async preview(part) {
    return this.until(`a page with ${part}`, async () => {
      for (const frame of this.page.frames()) {
        const body = await frame.evaluate(() => document.body?.innerText ?? '').catch(() => '');
        if (body.includes(part) && frame !== this.page.mainFrame()) {
          return body;
        }
      }
      return undefined;
    });
  }

  /** Changes the settings file, as someone who edits it does; undefined takes a setting out. */
  setting(name, value) {
    const settings = JSON.parse(readFileSync(task.settings, 'utf8'));
    writeFileSync(task.settings, JSON.stringify({ ...settings, [name]: value }));
  }

  /** The settings file as it is; nothing while VS Code is in the middle of writing it. */
  settings() {
    try {
      return JSON.parse(readFileSync(task.settings, 'utf8'));
    } catch {
      return {};
    }
  }

  async picture(name) {
    await this.page.screenshot({ path: join(task.pictures, `${name}.png`) }).catch(() => undefined);
  }
}

/** The process of the shared engine that was started last. */
function engine() {
  const folder = join(task.runtime, 'codellama-lsp');
  const states = readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  const [newest] = states.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  return JSON.parse(readFileSync(newest, 'utf8')).pid;
}

async function play(steps, begin) {
  const seen = {};
  const { browser, page } = await open(task);
  page.setDefaultTimeout(40 * SECONDS);
  const person = new Person(page);
  try {
    await page.goto(task.url);
    await begin(person);
    for (const step of steps) {
      const started = Date.now();
      try {
        seen[step.name] = { ...(await step(person)), ms: Date.now() - started };
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
  console.log(JSON.stringify(seen));
}

module.exports = { play, task, engine, SECONDS };
