// Starts codellama-lsp and hands it the user's settings. Everything else is the server's.

import { commands, ExtensionContext, LogOutputChannel, Uri, window, workspace } from 'vscode';
import {
  ClientCapabilities,
  DidChangeConfigurationNotification,
  LanguageClient,
  LanguageClientOptions,
  MessageType,
  ShowDocumentRequest,
  ShowMessageNotification,
  State,
} from 'vscode-languageclient/node';
import { registerActions } from './actions';
import { chooseModel, showMenu, toggle } from './menu';
import { PagePiece, Pages } from './pages';
import { findServer } from './server';
import { get, serverSettings, settingNames } from './settings';
import { Status } from './status';

const INSTALL = 'Install it with "make install" in a checkout of codellama-lsp, then set its path.';

/** What lives as long as the extension. */
interface Parts {
  log: LogOutputChannel;
  status: Status;
  pages: Pages;
  settings: () => object;
}

let client: LanguageClient | undefined;
let serverPath: string | undefined;
// Starts and stops wait for each other, so that two of them never leave two servers.
let turn: Promise<void> = Promise.resolve();

export async function activate(context: ExtensionContext): Promise<void> {
  const names = settingNames(context.extension.packageJSON);
  const parts: Parts = {
    log: window.createOutputChannel('Code Llama', { log: true }),
    status: new Status('codellama.showMenu'),
    pages: new Pages(),
    settings: () => serverSettings(names),
  };
  const restart = () => inTurn(async () => {
    await stop();
    await start(parts);
  });
  context.subscriptions.push(
    parts.log,
    parts.status,
    parts.pages,
    ...registerActions(() => client),
    commands.registerCommand('codellama.restart', restart),
    commands.registerCommand('codellama.showLog', () => parts.log.show()),
    commands.registerCommand('codellama.showMenu', showMenu),
    commands.registerCommand('codellama.toggle', toggle),
    commands.registerCommand('codellama.chooseModel', () => chooseModel(serverPath)),
    workspace.onDidGrantWorkspaceTrust(() => (client ? undefined : restart())),
    workspace.onDidChangeConfiguration(async (change) => {
      if (['serverPath', 'confirmEdits'].some((name) => change.affectsConfiguration(`codellama.${name}`))) {
        await restart();
      } else if (change.affectsConfiguration('codellama')) {
        parts.status.draw();
        await sendSettings(parts.settings());
      }
    }),
  );
  await inTurn(() => start(parts));
}

export function deactivate(): Promise<void> {
  return inTurn(stop);
}

function inTurn(work: () => Promise<void>): Promise<void> {
  turn = turn.then(work, work);
  return turn;
}

async function start(parts: Parts): Promise<void> {
  const { log, status } = parts;
  const found = findServer({
    configured: get('serverPath', ''),
    trustedFolders: workspace.isTrusted
      ? (workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath)
      : [],
    searchPath: process.env.PATH ?? '',
  });
  if ('problem' in found) {
    status.set('error', found.problem);
    void showMissing(found.problem);
    return;
  }
  serverPath = found.path;
  log.info(`Starting ${found.path} serve`);
  status.set('starting');
  const server = { command: found.path, args: ['serve'] };
  client = new LanguageClient('codellama', 'Code Llama', server, clientOptions(parts));
  client.registerFeature(capabilities);
  listen(client, parts);
  try {
    await client.start();
  } catch (error) {
    log.error(`${found.path} did not start: ${String(error)}`);
    status.set('error', 'The server did not start; the log says why.');
    void showMissing(`${found.path} did not start; the log says why.`);
  }
}

async function stop(): Promise<void> {
  const stopping = client;
  client = undefined;
  // A server that never started, or has died, has nothing to stop.
  await stopping?.dispose().catch(() => undefined);
}

/** What the server is told of this client, beyond what the library says. */
const capabilities = {
  fillClientCapabilities(told: ClientCapabilities): void {
    const experimental = told.experimental as object | undefined;
    told.experimental = { ...experimental, codellama: { pages: true } };
    if (!get('confirmEdits', false)) {
      // Without it the server does not ask for a preview of its edits.
      delete told.workspace?.workspaceEdit?.changeAnnotationSupport;
    }
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' as const }),
  clear: () => undefined,
};

function listen(started: LanguageClient, { status, pages }: Parts): void {
  started.onNotification('codellama/page', (piece: PagePiece) => pages.receive(piece));
  started.onNotification(ShowMessageNotification.type, ({ type, message }) => {
    // In the place of the client's own handler, so that the status bar tells errors too.
    if (type === MessageType.Error) {
      status.onError(message);
      void window.showErrorMessage(message);
    } else if (type === MessageType.Warning) {
      void window.showWarningMessage(message);
    } else {
      void window.showInformationMessage(message);
    }
  });
  started.onDidChangeState(({ newState }) => {
    if (newState === State.Stopped && started === client) {
      status.set('stopped');
    }
  });
}

function clientOptions({ log, status, settings }: Parts): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
    outputChannel: log,
    initializationOptions: settings,
    middleware: {
      window: { showDocument: showPage },
      handleWorkDoneProgress: (token, value, next) => {
        status.onProgress(token, value);
        next(token, value);
      },
      provideInlineCompletionItems: (document, position, context, token, next) =>
        status.whileThinking(async () => next(document, position, context, token)),
    },
  };
}

async function sendSettings(settings: object): Promise<void> {
  if (client?.isRunning()) {
    const changed = { settings: { codellama: settings } };
    await client.sendNotification(DidChangeConfigurationNotification.type, changed);
  }
}

/** A page of a server that does not send it in pieces is a file: show it as Markdown. */
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
