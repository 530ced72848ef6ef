// The status bar item's menu, and the switches in it.

import { commands, QuickPickItem, window } from 'vscode';
import { get, set } from './settings';
import type { Status } from './status';

interface Choice extends QuickPickItem {
  command: string;
}

// VS Code's own: every source of suggestions is quiet for a while. Older ones don't have it.
const SNOOZE = 'editor.action.inlineSuggest.snooze';

export async function showMenu(status: Status): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  const choices: Choice[] = [
    status.off
      ? { label: '$(sparkle) Turn suggestions on', command: 'codellama.toggle' }
      : { label: '$(circle-slash) Turn suggestions off', command: 'codellama.toggle' },
    ...(language ? [forLanguage(language)] : []),
    ...((await commands.getCommands(true)).includes(SNOOZE)
      ? [{ label: '$(bell-slash) Snooze suggestions', command: SNOOZE }]
      : []),
    { label: '$(package) Choose the model', description: status.model, command: 'codellama.chooseModel' },
    { label: '$(debug-restart) Restart the engine', command: 'codellama.restart' },
    { label: '$(output) Open the log', command: 'codellama.showLog' },
    { label: '$(pulse) Doctor', description: 'what works on this machine, and what does not', command: 'codellama.doctor' },
    { label: '$(gear) Settings', command: 'codellama.openSettings' },
  ];
  const chosen = await window.showQuickPick(choices, { title: 'Code Llama' });
  if (chosen) {
    await commands.executeCommand(chosen.command);
  }
}

function forLanguage(language: string): Choice {
  const off = get<string[]>('completion.languages_off', []).includes(language);
  return {
    label: off ? `$(sparkle) Turn them on for ${language}` : `$(circle-slash) Turn them off for ${language}`,
    command: 'codellama.toggleLanguage',
  };
}

export async function toggle(status: Status): Promise<void> {
  await set('completion.enabled', status.off);
}

/** Switches suggestions off for the active editor's language, or on again. */
export async function toggleLanguage(): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  if (language) {
    const off = get<string[]>('completion.languages_off', []);
    const others = off.filter((other) => other !== language);
    await set('completion.languages_off', off.includes(language) ? others : [...others, language]);
  }
}
