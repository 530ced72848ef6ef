// Tells the server where the cursor rests, so that it reads the code there before the first key.

import { Disposable, TextDocument, TextEditor, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

const REST_MS = 200;

export function tellWhereTheCursorRests(client: () => LanguageClient | undefined): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let seen: { uri: string; version: number } | undefined;
  const onMove = (editor: TextEditor | undefined) => {
    clearTimeout(timer);
    if (!editor) {
      return;
    }
    const { uri, version } = editor.document;
    // Where text was typed a suggestion is asked for, and what comes after it is prepared by that.
    const typed = seen?.uri === uri.toString() && seen.version !== version;
    seen = { uri: uri.toString(), version };
    if (!typed) {
      timer = setTimeout(() => tell(client(), editor), REST_MS);
    }
  };
  onMove(window.activeTextEditor);
  return Disposable.from(
    window.onDidChangeActiveTextEditor(onMove),
    window.onDidChangeTextEditorSelection(({ textEditor }) => onMove(textEditor)),
    { dispose: () => clearTimeout(timer) },
  );
}

/** Whether the server knows the document: others are none of its languages, or on no disk. */
export function isServed(client: LanguageClient, { uri }: TextDocument): boolean {
  return client.isRunning() && ['file', 'untitled', 'vscode-notebook-cell'].includes(uri.scheme);
}

function tell(client: LanguageClient | undefined, { document, selection }: TextEditor): void {
  if (client && isServed(client, document)) {
    const { line, character } = selection.active;
    void client.sendNotification('codellama/cursor', {
      textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) },
      position: { line, character },
    });
  }
}
