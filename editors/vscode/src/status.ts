// The status bar item: what the server is doing, told from its standard messages.

import { Disposable, MarkdownString, StatusBarAlignment, StatusBarItem, ThemeColor, window } from 'vscode';
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageclient/node';
import { get } from './settings';

type Progress = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;
type State = 'starting' | 'loading' | 'ready' | 'error' | 'stopped';

const ICONS: Record<State, string> = {
  starting: '$(loading~spin)',
  loading: '$(loading~spin)',
  ready: '$(sparkle)',
  error: '$(error)',
  stopped: '$(circle-slash)',
};

export class Status implements Disposable {
  private readonly item: StatusBarItem;
  private state: State = 'stopped';
  private detail = '';
  private loading: ProgressToken | undefined;
  private thinking = 0;

  constructor(menu: string) {
    this.item = window.createStatusBarItem('codellama.status', StatusBarAlignment.Right, 100);
    this.item.name = 'Code Llama';
    this.item.command = menu;
    this.draw();
    this.item.show();
  }

  set(state: State, detail = ''): void {
    this.state = state;
    this.detail = detail;
    if (state !== 'loading') {
      this.loading = undefined;
    }
    this.draw();
  }

  /** The loading of the model is the server's progress whose title says so. */
  onProgress(token: ProgressToken, value: Progress): void {
    if (value.kind === 'begin' && value.title.includes('loading')) {
      this.set('loading', value.message);
      this.loading = token;
    } else if (token !== this.loading) {
      return;
    } else if (value.kind === 'report') {
      this.detail = value.percentage === undefined ? this.detail : `${value.percentage} %`;
      this.draw();
    } else if (value.kind === 'end' && this.state === 'loading') {
      this.set('ready');
    }
  }

  /** An error while the model is being loaded says why there is none. */
  onError(message: string): void {
    if (this.loading !== undefined) {
      this.set('error', message);
    }
  }

  async whileThinking<T>(work: () => PromiseLike<T> | T): Promise<T> {
    this.thinking += 1;
    this.draw();
    try {
      return await work();
    } finally {
      this.thinking -= 1;
      this.draw();
    }
  }

  /** Shows settings that changed. */
  draw(): void {
    const enabled = get('completion.enabled', true);
    const word = this.word(enabled);
    const icon = word === 'thinking' ? '$(loading~spin)' : word === 'off' ? '$(circle-slash)' : ICONS[this.state];
    this.item.text = `${icon} Code Llama: ${word}`;
    this.item.backgroundColor =
      this.state === 'error' ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    this.item.tooltip = new MarkdownString(
      [`Model: \`${get('models.infill', '')}\``, this.detail, 'Click for the menu.'].filter(Boolean).join('\n\n'),
    );
  }

  dispose(): void {
    this.item.dispose();
  }

  private word(enabled: boolean): string {
    if (this.state !== 'ready') {
      return this.state === 'loading' && this.detail.endsWith('%') ? `loading ${this.detail}` : this.state;
    }
    return !enabled ? 'off' : this.thinking > 0 ? 'thinking' : 'ready';
  }
}
