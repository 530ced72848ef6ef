// Starts codellama-lsp and hands it the user's settings. Everything else is the server's.

import { commands, ExtensionContext, LogOutputChannel, Uri, window, workspace } from 'vscode';
import {
  DidChangeConfigurationNotification,
  LanguageClient,
  LanguageClientOptions,
  ShowDocumentRequest,
} from 'vscode-languageclient/node';
import { findServer } from './server';

const INSTALL = 'Install it with "make install" in a checkout of codellama-lsp, then set its path.';

let client: LanguageClient | undefined;
// Starts and stops wait for each other, so that two of them never leave two servers.
let turn: Promise<void> = Promise.resolve();

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel('Code Llama', { log: true });
  const restart = () => inTurn(async () => {
    await stop();
    await start(log);
  });
  context.subscriptions.push(
    log,
    commands.registerCommand('codellama.restart', restart),
    commands.registerCommand('codellama.showLog', () => log.show()),
    workspace.onDidGrantWorkspaceTrust(() => (client ? undefined : restart())),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration('codellama.serverPath')) {
        await restart();
      } else if (change.affectsConfiguration('codellama.settings')) {
        await sendSettings();
      }
    }),
  );
  await inTurn(() => start(log));
}

export function deactivate(): Promise<void> {
  return inTurn(stop);
}

function inTurn(work: () => Promise<void>): Promise<void> {
  turn = turn.then(work, work);
  return turn;
}

async function start(log: LogOutputChannel): Promise<void> {
  const found = findServer({
    configured: workspace.getConfiguration('codellama').get('serverPath', ''),
    trustedFolders: workspace.isTrusted
      ? (workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath)
      : [],
    searchPath: process.env.PATH ?? '',
  });
  if ('problem' in found) {
    void showMissing(found.problem);
    return;
  }
  log.info(`Starting ${found.path} serve`);
  const server = { command: found.path, args: ['serve'] };
  client = new LanguageClient('codellama', 'Code Llama', server, clientOptions(log));
  try {
    await client.start();
  } catch (error) {
    log.error(`${found.path} did not start: ${String(error)}`);
    void showMissing(`${found.path} did not start; the log says why.`);
  }
}

async function stop(): Promise<void> {
  const stopping = client;
  client = undefined;
  // A server that never started, or has died, has nothing to stop.
  await stopping?.dispose().catch(() => undefined);
}

function clientOptions(log: LogOutputChannel): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
    outputChannel: log,
    initializationOptions: settings,
    middleware: { window: { showDocument: showPage } },
  };
}

/** The server's settings, with the keys of config.example.yaml. */
function settings(): object {
  return workspace.getConfiguration('codellama').get<object>('settings', {});
}

async function sendSettings(): Promise<void> {
  if (client?.isRunning()) {
    const changed = { settings: { codellama: settings() } };
    await client.sendNotification(DidChangeConfigurationNotification.type, changed);
  }
}

/** An explanation is a Markdown page: show it as one, beside the code. */
const showPage: ShowDocumentRequest.MiddlewareSignature = async (params, token, next) => {
  if (params.external || !params.uri.endsWith('.md')) {
    return next(params, token);
  }
  await commands.executeCommand('markdown.showPreviewToSide', Uri.parse(params.uri));
  return { success: true };
};

async function showMissing(problem: string): Promise<void> {
  const open = 'Open Settings';
  if ((await window.showErrorMessage(`${problem} ${INSTALL}`, open)) === open) {
    await commands.executeCommand('workbench.action.openSettings', 'codellama.serverPath');
  }
}
