// Which codellama-lsp to run. A workspace that is not trusted has no say in it.

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

const WINDOWS = process.platform === 'win32';
const EXECUTABLE = WINDOWS ? 'codellama-lsp.exe' : 'codellama-lsp';

export interface Places {
  /** The setting codellama.serverPath; empty if it is not set. */
  configured: string;
  /** The workspace's folders, empty unless the workspace is trusted. */
  trustedFolders: readonly string[];
  /** The PATH variable. */
  searchPath: string;
}

/** The server's absolute path, or a sentence that says why there is none. */
export function findServer(places: Places): { path: string } | { problem: string } {
  if (places.configured) {
    return fromSetting(places.configured);
  }
  const candidates = [
    ...places.trustedFolders.map((folder) => join(folder, '.venv', WINDOWS ? 'Scripts' : 'bin')),
    // A relative entry of PATH would lead into whatever folder is open.
    ...places.searchPath.split(delimiter).filter(isAbsolute),
  ].map((folder) => join(folder, EXECUTABLE));
  const path = candidates.find(isExecutable);
  return path ? { path } : { problem: 'The codellama-lsp command was not found.' };
}

function fromSetting(configured: string): { path: string } | { problem: string } {
  const path = configured.replace(/^~(?=[/\\])/, homedir());
  if (!isAbsolute(path)) {
    return { problem: `codellama.serverPath must be an absolute path, not ${configured}.` };
  }
  return isExecutable(path) ? { path } : { problem: `There is no command at ${path}.` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
