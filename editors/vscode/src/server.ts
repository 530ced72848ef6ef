// Which codellama-lsp to run. A workspace that is not trusted has no say in it.

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

export const WINDOWS = process.platform === 'win32';

export interface Places {
  /** The setting codellama.serverPath; empty if it is not set. */
  configured: string;
  /** Folders with commands, of the workspace's Python environments; none unless it is trusted. */
  environments: readonly string[];
  /** The environment that the extension installs into. */
  own: string;
  /** The PATH variable. */
  searchPath: string;
}

/** The server's absolute path, or a sentence that says why there is none. */
export function findServer(places: Places): { path: string } | { problem: string } {
  if (places.configured) {
    return fromSetting(places.configured);
  }
  const folders = [...places.environments, commandsOf(places.own), ...places.searchPath.split(delimiter)];
  // A relative entry of PATH would lead into whatever folder is open.
  const path = findCommand('codellama-lsp', folders.filter(isAbsolute));
  return path ? { path } : { problem: 'The codellama-lsp command was not found.' };
}

/** The first of the folders' commands with the name. */
export function findCommand(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, WINDOWS ? `${name}.exe` : name)).find(isExecutable);
}

/** Where a Python environment has its commands. */
export function commandsOf(environment: string): string {
  return join(environment, WINDOWS ? 'Scripts' : 'bin');
}

/** Whether two versions go together: the same major and minor number. */
export function goTogether(one: string, other: string): boolean {
  const head = (version: string) => version.split('.').slice(0, 2).join('.');
  return head(one) === head(other);
}

function fromSetting(configured: string): { path: string } | { problem: string } {
  const path = configured.replace(/^~(?=[/\\])/, homedir());
  if (!isAbsolute(path)) {
    return { problem: `codellama.serverPath must be an absolute path, not ${configured}.` };
  }
  return isExecutable(path) ? { path } : { problem: `There is no command at ${path}, which codellama.serverPath names.` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
