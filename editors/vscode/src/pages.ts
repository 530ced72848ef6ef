// Explanations: Markdown that the server sends in pieces, shown in VS Code's own preview while it
// grows (codellama/page, see ARCHITECTURE.md).

import { commands, Disposable, EventEmitter, TextDocumentContentProvider, Uri, workspace } from 'vscode';

const SCHEME = 'codellama';

/** A piece of a page; the last one has the whole page, or null where the answer failed. */
export interface PagePiece {
  id: string;
  title: string;
  markdown: string | null;
  done: boolean;
}

export class Pages implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly texts = new Map<string, string>();
  readonly onDidChange = this.changed.event;
  // Last: it looks for onDidChange at once.
  private readonly registration = workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  async receive(piece: PagePiece): Promise<void> {
    const uri = Uri.from({ scheme: SCHEME, path: `/${piece.title}.md`, query: piece.id });
    const key = uri.toString();
    const before = this.texts.get(key);
    const added = piece.markdown ?? '';
    const whole = piece.done && piece.markdown !== null;
    this.texts.set(key, whole ? added : (before ?? '') + added);
    this.changed.fire(uri);
    if (before === undefined) {
      await commands.executeCommand('markdown.showPreviewToSide', uri);
    }
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
