// The status bar item: what the server says that it is doing (codellama/status, see
// ARCHITECTURE.md), and what becomes of the server itself.

import { Disposable, MarkdownString, StatusBarAlignment, StatusBarItem, ThemeColor, window } from 'vscode';
import { get } from './settings';

/** What the server tells. */
export interface ServerStatus {
  state: 'loading' | 'ready' | 'thinking' | 'off' | 'gone' | 'failed';
  model: string;
  percentage: number | null;
  message: string | null;
}

/** What the extension knows while the server says nothing. */
type OwnState = 'starting' | 'installing' | 'missing' | 'stopped';

interface Look {
  icon: string;
  word: string;
  detail?: string;
  background?: 'error' | 'warning';
}

const LOOKS: Record<ServerStatus['state'] | OwnState, Look> = {
  starting: { icon: 'loading~spin', word: 'starting' },
  installing: { icon: 'loading~spin', word: 'installing' },
  loading: { icon: 'loading~spin', word: 'loading' },
  ready: { icon: 'sparkle', word: 'ready' },
  thinking: { icon: 'loading~spin', word: 'thinking' },
  off: { icon: 'circle-slash', word: 'off' },
  gone: {
    icon: 'debug-disconnect',
    word: 'engine gone',
    detail: 'The engine has ended or died. The next suggestion starts it again.',
    background: 'warning',
  },
  failed: { icon: 'error', word: 'error', background: 'error' },
  missing: { icon: 'error', word: 'not installed', background: 'error' },
  stopped: { icon: 'circle-slash', word: 'stopped', detail: 'The server is not running.' },
};

export class Status implements Disposable {
  private readonly item: StatusBarItem;
  private readonly editors = window.onDidChangeActiveTextEditor(() => this.draw());
  private own: OwnState = 'stopped';
  private detail = '';
  private server: ServerStatus | undefined;

  constructor(menu: string) {
    this.item = window.createStatusBarItem('codellama.status', StatusBarAlignment.Right, 100);
    this.item.name = 'Code Llama';
    this.item.command = menu;
    this.draw();
    this.item.show();
  }

  /** The server says nothing now, and this is why. */
  set(state: OwnState, detail = ''): void {
    this.own = state;
    this.detail = detail;
    this.server = undefined;
    this.draw();
  }

  /** What the server said last is what is shown. */
  receive(status: ServerStatus): void {
    this.server = status;
    this.draw();
  }

  /** Whether suggestions are switched off, in the settings or in the server's own file. */
  get off(): boolean {
    return this.server ? this.server.state === 'off' : !get('completion.enabled', true);
  }

  /** The model that is in use, empty where there is none. */
  get model(): string {
    return this.server?.model ?? '';
  }

  /** Shows settings that changed. */
  draw(): void {
    const look = this.look();
    this.item.text = `$(${look.icon}) Code Llama: ${look.word}`;
    this.item.backgroundColor = look.background && new ThemeColor(`statusBarItem.${look.background}Background`);
    const tooltip = [this.model && `Model: \`${this.model}\``, look.detail, 'Click for the menu.'];
    this.item.tooltip = new MarkdownString(tooltip.filter(Boolean).join('\n\n'));
    this.item.accessibilityInformation = { label: `Code Llama: ${look.word}`, role: 'button' };
  }

  dispose(): void {
    this.editors.dispose();
    this.item.dispose();
  }

  private look(): Look {
    if (!this.server) {
      return { ...LOOKS[this.own], ...(this.detail && { detail: this.detail }) };
    }
    const { state, percentage, message } = this.server;
    const look = { ...LOOKS[state], ...(message && { detail: message }) };
    const language = window.activeTextEditor?.document.languageId ?? '';
    if (state === 'ready' && get<string[]>('completion.languages_off', []).includes(language)) {
      return { ...LOOKS.off, word: `off for ${language}` };
    }
    return state === 'loading' && percentage !== null ? { ...look, word: `loading ${percentage} %` } : look;
  }
}
