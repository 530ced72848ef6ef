// The user's settings as the server takes them: nested, and only what the user has set, so that
// the server's own file keeps its say in the rest.

import { ConfigurationTarget, workspace } from 'vscode';

/** The extension's own, which the server does not know; it starts anew when they change. */
export const OWN_SETTINGS = new Set(['serverPath', 'confirmEdits']);

/** The settings that the user has set, with the keys of config.example.yaml. */
export function serverSettings(names: readonly string[]): object {
  const configuration = workspace.getConfiguration('codellama');
  const settings: Record<string, unknown> = {};
  for (const name of names.filter((candidate) => !OWN_SETTINGS.has(candidate))) {
    const value = configuration.inspect(name)?.globalValue;
    if (value !== undefined) {
      put(settings, name.split('.'), value);
    }
  }
  return settings;
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    into[first] = value;
  } else {
    into[first] ??= {};
    put(into[first] as Record<string, unknown>, rest, value);
  }
}

/** The settings' names without the prefix, as package.json declares them. */
export function settingNames(packageJson: {
  contributes: { configuration: { properties: object } };
}): string[] {
  const properties = packageJson.contributes.configuration.properties;
  return Object.keys(properties).map((key) => key.replace(/^codellama\./, ''));
}

export async function set(name: string, value: unknown): Promise<void> {
  const configuration = workspace.getConfiguration('codellama');
  await configuration.update(name, value, ConfigurationTarget.Global);
}

export function get<T>(name: string, fallback: T): T {
  return workspace.getConfiguration('codellama').get(name, fallback);
}
