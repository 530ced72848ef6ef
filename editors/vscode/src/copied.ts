// Tells the server what was copied: it is likely wanted in another file.

import { Disposable, DocumentPasteEditProvider, languages, Range, TextDocument } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { isServed } from './cursor';

/** VS Code has no event for copying; this is asked when something is copied, and adds nothing. */
export function tellWhatIsCopied(client: () => LanguageClient | undefined): Disposable {
  const provider: DocumentPasteEditProvider = {
    prepareDocumentPaste: (document, ranges) => tell(client(), document, ranges),
  };
  return languages.registerDocumentPasteEditProvider('*', provider, {
    providedPasteEditKinds: [],
    copyMimeTypes: ['application/vnd.codellama.copied'], // never added: only asked with one
  });
}

function tell(client: LanguageClient | undefined, document: TextDocument, ranges: readonly Range[]): void {
  if (!client || !isServed(client, document)) {
    return;
  }
  for (const range of ranges) {
    void client.sendNotification('codellama/copied', {
      textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) },
      range: client.code2ProtocolConverter.asRange(range),
    });
  }
}
