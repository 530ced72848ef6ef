// The workspace's Python environments: the one that the Python extension has chosen, and .venv.

import { dirname, join } from 'node:path';
import { extensions, workspace } from 'vscode';
import { commandsOf } from './server';

/** What of the Python extension's API is used. */
interface PythonExtension {
  environments?: { getActiveEnvironmentPath(resource?: unknown): { path: string } };
}

/** Folders with commands, the chosen environment first; none in a workspace that isn't trusted. */
export async function trustedEnvironments(): Promise<string[]> {
  if (!workspace.isTrusted) {
    return [];
  }
  const python = extensions.getExtension<PythonExtension>('ms-python.python');
  const environments = (await python?.activate())?.environments;
  return (workspace.workspaceFolders ?? []).flatMap((folder) => {
    // The path is that of Python itself, or of the environment's folder.
    const chosen = environments?.getActiveEnvironmentPath(folder.uri).path;
    return [
      ...(chosen ? [dirname(chosen), commandsOf(chosen)] : []),
      commandsOf(join(folder.uri.fsPath, '.venv')),
    ];
  });
}
