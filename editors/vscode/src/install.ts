// Installing the server into an environment of the extension's own, from the wheel that comes with
// the extension.

import { ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CancellationToken, LogOutputChannel, ProgressLocation, window } from 'vscode';
import { commandsOf, findCommand, WINDOWS } from './server';

const PYTHONS = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];
const COMPILERS = ['c++', 'g++', 'clang++'];
// Exits with 3 where Python is too old, with 4 where it can't make environments (Debian without
// python3-venv).
const IS_FIT = [
  'import sys',
  'sys.version_info >= (3, 11) or sys.exit(3)',
  'import importlib.util as found',
  'all(map(found.find_spec, ("venv", "ensurepip"))) or sys.exit(4)',
].join('\n');

/** Where the server goes, what is installed, and where it is told. */
export interface Installation {
  environment: string;
  /** The extension's folder that has the server's wheel. */
  wheels: string;
  log: LogOutputChannel;
}

/** What is missing on this machine, and what to do. */
export class CannotInstall extends Error {}

/** Installs with progress and a cancel button. Throws CannotInstall. */
export async function install(installation: Installation): Promise<void> {
  const { environment, log } = installation;
  const python = await findPython(log);
  checkCompiler();
  const wheel = findWheel(installation.wheels);
  const options = { location: ProgressLocation.Notification, title: 'Code Llama', cancellable: true };
  await window.withProgress(options, async (progress, cancelled) => {
    try {
      progress.report({ message: 'making a Python environment' });
      await run([python, '-m', 'venv', '--clear', environment], log, cancelled);
      progress.report({ message: 'installing the server; compiling llama.cpp takes some minutes' });
      const inside = join(commandsOf(environment), WINDOWS ? 'python.exe' : 'python');
      const pip = [inside, '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off', wheel];
      await run(pip, log, cancelled);
    } catch (error) {
      // Half an environment would be found as the server.
      await rm(environment, { recursive: true, force: true });
      throw error;
    }
  });
}

function searchPath(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter(Boolean);
}

async function findPython(log: LogOutputChannel): Promise<string> {
  let withoutVenv: string | undefined;
  for (const name of PYTHONS) {
    const python = findCommand(name, searchPath());
    const status = python ? await exitStatus([python, '-c', IS_FIT], log) : undefined;
    if (python && status === 0) {
      return python;
    }
    withoutVenv ??= status === 4 ? python : undefined;
  }
  throw new CannotInstall(
    withoutVenv
      ? `${withoutVenv} can't make environments. On Debian and Ubuntu: sudo apt install python3-venv.`
      : 'Python 3.11 or later was not found. Install it (python.org, or sudo apt install python3 python3-venv).',
  );
}

/** llama.cpp is compiled; pip itself fetches cmake where there is none. */
function checkCompiler(): void {
  if (!WINDOWS && !COMPILERS.some((name) => findCommand(name, searchPath()))) {
    const how = process.platform === 'darwin' ? 'xcode-select --install' : 'sudo apt install build-essential';
    throw new CannotInstall(`A C++ compiler is needed and was not found. Install one: ${how}.`);
  }
}

function findWheel(folder: string): string {
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (!wheel) {
    throw new CannotInstall(`This extension was built without the server: there is no wheel in ${folder}.`);
  }
  return join(folder, wheel);
}

async function run(command: string[], log: LogOutputChannel, cancelled: CancellationToken): Promise<void> {
  const status = await exitStatus(command, log, cancelled);
  if (cancelled.isCancellationRequested) {
    throw new CannotInstall('The installation was cancelled.');
  }
  if (status !== 0) {
    throw new CannotInstall(`The installation failed (${command.slice(0, 4).join(' ')} …); the log says why.`);
  }
}

/** What a command exits with, undefined where it can't be run; what it prints goes to the log. */
function exitStatus(
  [program = '', ...options]: string[],
  log: LogOutputChannel,
  cancelled?: CancellationToken,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    // In a group of its own, so that what pip has started is stopped with it.
    const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'], detached: !WINDOWS });
    const stopping = cancelled?.onCancellationRequested(() => killAll(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => log.info(data.toString().trimEnd()));
    }
    child.on('error', () => resolve(undefined));
    child.on('close', (status) => {
      stopping?.dispose();
      resolve(status ?? undefined);
    });
  });
}

/** Stops a process and all that it has started: a compiler that goes on would be waited for. */
function killAll({ pid }: ChildProcess): void {
  if (pid && WINDOWS) {
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' }).on('error', () => undefined);
  } else if (pid) {
    try {
      process.kill(-pid);
    } catch {
      // It has ended meanwhile.
    }
  }
}
