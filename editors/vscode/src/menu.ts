// The status bar item's menu, and the choice of a model from the catalogue.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commands, QuickPickItem, window } from 'vscode';
import { get, set } from './settings';

interface CatalogueEntry {
  name: string;
  bytes: number;
  roles: string[];
  here: boolean;
}

interface Choice extends QuickPickItem {
  command: string;
}

export async function showMenu(): Promise<void> {
  const enabled = get('completion.enabled', true);
  const choices: Choice[] = [
    {
      label: enabled ? '$(circle-slash) Turn suggestions off' : '$(sparkle) Turn suggestions on',
      command: 'codellama.toggle',
    },
    { label: '$(package) Choose the model', description: get('models.infill', ''), command: 'codellama.chooseModel' },
    { label: '$(debug-restart) Restart the server', command: 'codellama.restart' },
    { label: '$(output) Open the log', command: 'codellama.showLog' },
  ];
  const chosen = await window.showQuickPick(choices, { title: 'Code Llama' });
  if (chosen) {
    await commands.executeCommand(chosen.command);
  }
}

export async function toggle(): Promise<void> {
  await set('completion.enabled', !get('completion.enabled', true));
}

/** Completions come from the chosen model, and so do actions where it can instruct. */
export async function chooseModel(server: string | undefined): Promise<void> {
  if (!server) {
    return;
  }
  const { stdout } = await promisify(execFile)(server, ['models', 'list', '--json']);
  const entries = (JSON.parse(stdout) as CatalogueEntry[]).filter((entry) => entry.roles.includes('infill'));
  const items = entries.map((entry) => ({
    label: entry.name,
    description: `${(entry.bytes / 1e9).toFixed(1)} GB`,
    detail: entry.here ? 'is here' : `first: codellama-lsp models pull ${entry.name}`,
    entry,
  }));
  const chosen = await window.showQuickPick(items, { title: 'The model that completes', matchOnDescription: true });
  if (chosen) {
    await set('models.infill', chosen.label);
    if (chosen.entry.roles.includes('instruct')) {
      await set('models.instruct', chosen.label);
    }
  }
}
