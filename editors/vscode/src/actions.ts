// Explain, Generate and Fix as commands of the palette and the context menu. The server does the
// work; here is only what it is asked.

import { commands, languages, Range, TextEditor, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

/** The lines that are selected, the last one without an end that only touches it. */
function selectedRange(editor: TextEditor): Range {
  const { start, end } = editor.selection;
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return new Range(start.line, 0, last, editor.document.lineAt(last).text.length);
}

async function act(client: LanguageClient, action: string, instruction?: string): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) {
    return;
  }
  const range = selectedRange(editor);
  const diagnostics = languages
    .getDiagnostics(editor.document.uri)
    .filter((diagnostic) => diagnostic.range.intersection(range));
  await commands.executeCommand(`codellama.${action}`, {
    uri: client.code2ProtocolConverter.asUri(editor.document.uri),
    version: editor.document.version,
    range: client.code2ProtocolConverter.asRange(range),
    diagnostics: action === 'fix' ? await client.code2ProtocolConverter.asDiagnostics(diagnostics) : [],
    instruction,
  });
}

/** Asks for an instruction first; nothing is done when the box is left with Escape. */
async function generate(client: LanguageClient): Promise<void> {
  const instruction = await window.showInputBox({
    title: 'Generate',
    prompt: 'What should be written? Empty: what the selected comment or signature asks for.',
  });
  if (instruction !== undefined) {
    await act(client, 'generate', instruction);
  }
}

export function registerActions(client: () => LanguageClient | undefined) {
  const withClient = (work: (running: LanguageClient) => Promise<void>) => async () => {
    const running = client();
    if (running?.isRunning()) {
      await work(running);
    }
  };
  return [
    commands.registerCommand('codellama.explainCode', withClient((running) => act(running, 'explain'))),
    commands.registerCommand('codellama.fixCode', withClient((running) => act(running, 'fix'))),
    commands.registerCommand('codellama.generateCode', withClient(generate)),
  ];
}
