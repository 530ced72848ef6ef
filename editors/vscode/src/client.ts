// The connection to the server: what it is told of this client, and what is done with what it says.

import { commands, Uri, window } from 'vscode';
import {
  ClientCapabilities,
  LanguageClient,
  LanguageClientOptions,
  MessageType,
  ShowDocumentRequest,
  ShowMessageNotification,
} from 'vscode-languageclient/node';
import type { Parts } from './extension';
import type { PagePiece } from './pages';
import { get } from './settings';
import type { ServerStatus } from './status';

// How the server's errors name the model that is not on this machine.
const PULL = /codellama-lsp models pull ([\w.-]+)/;

export function makeClient(path: string, parts: Parts): LanguageClient {
  const server = { command: path, args: ['serve'] };
  const client = new LanguageClient('codellama', 'Code Llama', server, clientOptions(parts));
  client.registerFeature(capabilities);
  client.onNotification('codellama/status', (status: ServerStatus) => parts.status.receive(status));
  client.onNotification('codellama/page', (piece: PagePiece) => parts.pages.receive(piece));
  // In the place of the client's own handler: a model that is missing can be fetched.
  client.onNotification(ShowMessageNotification.type, showMessage);
  return client;
}

function clientOptions({ log, settings }: Parts): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }, { notebook: '*' }],
    outputChannel: log,
    initializationOptions: settings,
    middleware: { window: { showDocument: showPage } },
  };
}

/** What the server is told of this client, beyond what the library says. */
const capabilities = {
  fillClientCapabilities(told: ClientCapabilities): void {
    const experimental = told.experimental as object | undefined;
    told.experimental = { ...experimental, codellama: { pages: true, status: true } };
    if (!get('confirmEdits', false)) {
      // Without it the server does not ask for a preview of its edits.
      delete told.workspace?.workspaceEdit?.changeAnnotationSupport;
    }
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' as const }),
  clear: () => undefined,
};

async function showMessage({ type, message }: { type: MessageType; message: string }): Promise<void> {
  const [, model] = PULL.exec(message) ?? [];
  const buttons = model ? ['Download'] : [];
  const show =
    type === MessageType.Error
      ? window.showErrorMessage
      : type === MessageType.Warning
        ? window.showWarningMessage
        : window.showInformationMessage;
  if ((await show(message, ...buttons)) === 'Download') {
    await commands.executeCommand('codellama.download', model);
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
