// The choice of a model from the catalogue, and its download, both by the server's own command.

import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { LogOutputChannel, ProgressLocation, QuickPickItem, window } from 'vscode';
import { set } from './settings';

/** A row of `codellama-lsp models list --json`. */
interface Model {
  name: string;
  bytes: number;
  roles: string[];
  here: boolean;
  fits: string;
  licence: string | null;
  licence_page: string | null;
}

interface Choice extends QuickPickItem {
  model: Model;
}

const FREE = 'Apache-2.0';

/** Completions come from the chosen model, and so do actions where it can instruct. */
export async function chooseModel(server: string, log: LogOutputChannel): Promise<void> {
  const models = (await list(server)).filter((model) => model.roles.includes('infill'));
  const choices: Choice[] = models.map((model) => ({
    label: model.name,
    description: gigabytes(model),
    detail: [model.here ? 'is here' : 'to be downloaded', `fits: ${model.fits}`].join(', '),
    model,
  }));
  const chosen = await window.showQuickPick(choices, { title: 'The model that completes', matchOnDescription: true });
  if (chosen && (chosen.model.here || (await download(server, chosen.model, log)))) {
    await set('models.infill', chosen.label);
    if (chosen.model.roles.includes('instruct')) {
      await set('models.instruct', chosen.label);
    }
  }
}

/** Downloads the model with the name; whether it is here now. */
export async function downloadNamed(server: string, name: string, log: LogOutputChannel): Promise<boolean> {
  const model = (await list(server)).find((candidate) => candidate.name === name);
  return model !== undefined && (model.here || download(server, model, log));
}

async function list(server: string): Promise<Model[]> {
  const { stdout } = await promisify(execFile)(server, ['models', 'list', '--json']);
  return JSON.parse(stdout) as Model[];
}

/** Asks first, for the size and the licence; whether the model is here then. */
async function download(server: string, model: Model, log: LogOutputChannel): Promise<boolean> {
  const free = model.licence === FREE;
  const terms = free ? '' : ` It is under ${model.licence ?? 'a licence of its own'}: ${model.licence_page ?? 'see its page'}.`;
  const yes = free ? 'Download' : 'Accept and Download';
  const question = `${model.name} is not on this machine yet: ${gigabytes(model)}.${terms}`;
  if ((await window.showInformationMessage(question, yes)) !== yes) {
    return false;
  }
  const command = ['models', 'pull', model.name, ...(free ? [] : ['--accept-licence'])];
  const failure = await pulled(server, command, model.name, log);
  if (failure) {
    void window.showErrorMessage(`${model.name} could not be downloaded. ${failure}`);
  }
  return failure === '';
}

/** Runs the download with progress and a cancel button; what it said last where it failed. */
function pulled(server: string, command: string[], title: string, log: LogOutputChannel): Thenable<string> {
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return window.withProgress(options, (progress, cancelled) =>
    new Promise<string>((resolve) => {
      const child = spawn(server, command, { stdio: ['ignore', 'pipe', 'pipe'] });
      const stopping = cancelled.onCancellationRequested(() => child.kill('SIGINT'));
      let [done, said] = [0, ''];
      child.stderr.on('data', (data: Buffer) => {
        said = data.toString().trim();
        log.info(said);
        const percent = Number(/(\d+) %/.exec(said)?.[1] ?? done);
        progress.report({ message: said.replace(`${title}: `, ''), increment: percent - done });
        done = percent;
      });
      child.on('error', (error) => resolve(error.message));
      child.on('close', (status) => {
        stopping.dispose();
        resolve(status === 0 ? '' : said || 'It was stopped.');
      });
    }));
}

function gigabytes(model: Model): string {
  return `${(model.bytes / 1e9).toFixed(1)} GB`;
}
