// Starts codellama-lsp and hands it the user's settings. Everything else is the server's.

import { execFile } from 'node:child_process';
import { commands, ConfigurationChangeEvent, ExtensionContext, LogOutputChannel, ProgressLocation, Uri, window, workspace } from 'vscode';
import { registerActions } from './actions';
import { tellWhatIsCopied } from './copied';
import { tellWhereTheCursorRests } from './cursor';
import type { Installation } from './install';
import { showMenu, toggle, toggleLanguage } from './menu';
import { chooseModel, downloadNamed } from './models';
import { Pages } from './pages';
import { Running } from './running';
import { OWN_SETTINGS, serverSettings, settingNames } from './settings';
import { Status } from './status';

// Two settings that change together are one change.
const SETTLED_MS = 50;
const WALKTHROUGH = 'codellama-lsp.codellama-lsp#start';

/** What lives as long as the extension. */
export interface Parts extends Installation {
  log: LogOutputChannel;
  status: Status;
  pages: Pages;
  settings: () => object;
  version: string;
}

let running: Running | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const { version, ...names } = context.extension.packageJSON;
  const parts: Parts = {
    log: window.createOutputChannel('Code Llama', { log: true }),
    status: new Status('codellama.showMenu'),
    pages: new Pages(),
    settings: () => serverSettings(settingNames(names)),
    version,
    environment: Uri.joinPath(context.globalStorageUri, 'server').fsPath,
    wheels: Uri.joinPath(context.extensionUri, 'server').fsPath,
  };
  const server = (running = new Running(parts));
  context.subscriptions.push(
    parts.log,
    parts.status,
    parts.pages,
    ...registerActions(() => server.client),
    ...registerCommands(server, parts),
    tellWhereTheCursorRests(() => server.client),
    tellWhatIsCopied(() => server.client),
    workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    workspace.onDidChangeConfiguration(settle((change) => applySettings(server, parts, change))),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

function registerCommands(server: Running, { log, status, pages }: Parts) {
  const withServer = (work: (path: string) => Promise<void>) => async () => {
    await (server.path ? work(server.path) : server.start());
  };
  const all: Record<string, (argument: string) => unknown> = {
    restart: () => server.restartEngine(),
    install: () => server.install(),
    showLog: () => log.show(),
    showMenu: () => showMenu(status),
    toggle: () => toggle(status),
    toggleLanguage,
    chooseModel: withServer((path) => chooseModel(path, log)),
    doctor: withServer((path) => doctor(path, pages)),
    download: async (model) => {
      if (server.path && (await downloadNamed(server.path, model, log))) {
        await server.restart();
      }
    },
    openSettings: () => commands.executeCommand('workbench.action.openSettings', '@ext:codellama-lsp.codellama-lsp'),
    walkthrough: () => commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH),
  };
  return Object.entries(all).map(([name, work]) => commands.registerCommand(`codellama.${name}`, work));
}

/** Hands the changes over together, when no more of them come. */
function settle(apply: (changes: ConfigurationChangeEvent[]) => unknown): (change: ConfigurationChangeEvent) => void {
  let [timer, changes]: [NodeJS.Timeout | undefined, ConfigurationChangeEvent[]] = [undefined, []];
  return (change) => {
    clearTimeout(timer);
    changes.push(change);
    timer = setTimeout(() => {
      apply(changes);
      changes = [];
    }, SETTLED_MS);
  };
}

async function applySettings(server: Running, { status }: Parts, changes: ConfigurationChangeEvent[]): Promise<void> {
  const affects = (name: string) => changes.some((change) => change.affectsConfiguration(name));
  if ([...OWN_SETTINGS].some((name) => affects(`codellama.${name}`))) {
    await server.restart();
  } else if (affects('codellama')) {
    status.draw();
    await server.sendSettings();
  }
}

/** Shows what the server says of this machine; it exits with 1 where something would not work. */
async function doctor(path: string, pages: Pages): Promise<void> {
  const options = { location: ProgressLocation.Notification, title: 'Code Llama: examining this machine' };
  const report = await window.withProgress(options, () =>
    new Promise<string>((resolve) => {
      execFile(path, ['doctor'], (error, stdout, stderr) => resolve(stdout || stderr || String(error)));
    }));
  await pages.receive({ id: String(Date.now()), title: 'Doctor', markdown: `# Doctor\n\n\`\`\`\n${report}\n\`\`\`\n`, done: true });
}
