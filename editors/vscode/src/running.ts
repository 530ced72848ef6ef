// The running server: found or installed, started, stopped and started again, one at a time.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commands, window } from 'vscode';
import { DidChangeConfigurationNotification, LanguageClient, State } from 'vscode-languageclient/node';
import { makeClient } from './client';
import { trustedEnvironments } from './environments';
import type { Parts } from './extension';
import { install } from './install';
import { commandsOf, findServer, goTogether } from './server';
import { get } from './settings';

const INSTALL = 'Install';
const OPEN_SETTINGS = 'Open Settings';
const SHOW_LOG = 'Show Log';

export class Running {
  /** The client, undefined while there is none. */
  client: LanguageClient | undefined;
  /** The server's command, undefined while none was found. */
  path: string | undefined;
  // Starts and stops wait for each other, so that two of them never leave two servers.
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Parts) {}

  start(): Promise<void> {
    return this.inTurn(() => this.startNow());
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  /** The engine too, which belongs to all windows: the others start it again when they need it. */
  restartEngine(): Promise<void> {
    return this.inTurn(async () => {
      const { path, parts } = this;
      await this.stopNow();
      if (path) {
        await promisify(execFile)(path, ['engine', 'stop']).catch((error) => parts.log.warn(String(error)));
      }
      await this.startNow();
    });
  }

  /** Installs the server into the extension's own environment and starts it. */
  install(): Promise<void> {
    return this.inTurn(async () => {
      const { status } = this.parts;
      await this.stopNow();
      status.set('installing');
      try {
        await install(this.parts);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        status.set('missing', problem);
        void this.tellMissing(problem);
        return;
      }
      await this.startNow();
    });
  }

  /** Tells the server settings that changed. */
  async sendSettings(): Promise<void> {
    if (this.client?.isRunning()) {
      const changed = { settings: { codellama: this.parts.settings() } };
      await this.client.sendNotification(DidChangeConfigurationNotification.type, changed);
    }
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work);
    return this.turn;
  }

  private async startNow(): Promise<void> {
    const { log, status, environment } = this.parts;
    const found = findServer({
      configured: get('serverPath', ''),
      environments: await trustedEnvironments(),
      own: environment,
      searchPath: process.env.PATH ?? '',
    });
    if ('problem' in found) {
      this.path = undefined;
      status.set('missing', found.problem);
      void this.tellMissing(found.problem);
      return;
    }
    this.path = found.path;
    log.info(`Starting ${found.path} serve`);
    const client = (this.client = makeClient(found.path, this.parts));
    client.onDidChangeState(({ newState }) => {
      if (client === this.client && newState !== State.Running) {
        status.set(newState === State.Starting ? 'starting' : 'stopped');
      }
    });
    try {
      await client.start();
      this.checkVersion(client, found.path);
    } catch (error) {
      log.error(`${found.path} did not start: ${String(error)}`);
      const problem = `${found.path} did not start; the log says why.`;
      status.set('missing', problem);
      void this.tellMissing(problem, SHOW_LOG);
    }
  }

  private async stopNow(): Promise<void> {
    const stopping = this.client;
    this.client = undefined;
    // A server that never started, or has died, has nothing to stop.
    await stopping?.dispose().catch(() => undefined);
    this.parts.status.set('stopped');
  }

  private checkVersion(client: LanguageClient, path: string): void {
    const version = client.initializeResult?.serverInfo?.version ?? 'unknown';
    if (!goTogether(version, this.parts.version)) {
      const own = path.startsWith(commandsOf(this.parts.environment));
      const problem = `${path} is version ${version}; this extension is made for ${this.parts.version}.`;
      const how = own ? 'Install that version in its place.' : 'Update it, or have one installed for the extension.';
      void this.tellMissing(`${problem} ${how}`);
    }
  }

  /** Says what is wrong with the server, with buttons for what can be done about it. */
  private async tellMissing(problem: string, ...more: string[]): Promise<void> {
    // Where the setting names a command, another installation would not be used.
    const buttons = [...(get('serverPath', '') ? [] : [INSTALL]), OPEN_SETTINGS, ...more];
    const chosen = await window.showErrorMessage(problem, ...buttons);
    if (chosen === INSTALL) {
      await commands.executeCommand('codellama.install');
    } else if (chosen === OPEN_SETTINGS) {
      await commands.executeCommand('workbench.action.openSettings', 'codellama.serverPath');
    } else if (chosen === SHOW_LOG) {
      this.parts.log.show();
    }
  }
}
