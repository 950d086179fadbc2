// `hale render api FILE`: a contract that came as an OpenAPI file, written as a module that both sides import. It prints, or writes the
// file that --out names; the old one is replaced whole.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { renderZodApi } from '@hale/render';
import { cliError, exitCodes } from '../errors.ts';
import { readApiFile } from '../plan/api-reader.ts';
import { type CommandEntry, textOption } from './entry.ts';

export const renderCommand: CommandEntry = {
  usage: 'render <what> <file>',
  summary: 'write it in the words of another tool: hale render api payments.openapi.yaml',
  group: 'Set up',
  shape: (command) => command.option('-o, --out <file>', 'write there instead of printing'),
  async run(call) {
    const [what = '', file = ''] = call.args;
    if (what !== 'api') {
      throw cliError('HALE_CLI_USAGE', `'${what}' is nothing that can be rendered`, {
        hint: 'hale render api FILE: an OpenAPI document as a typed module',
      });
    }
    const { terminal } = call.host;
    const { text, problems } = renderZodApi(await readApiFile(resolve(call.folder, file)), basename(file));
    const out = textOption(call, 'out');
    if (out === undefined) terminal.raw(text);
    else await replaceFile(resolve(call.folder, out), text);
    for (const problem of problems) terminal.complaint(`${terminal.paint.busy('left out')} ${problem}`);
    if (out !== undefined && call.json) terminal.json({ file: out, problems });
    return exitCodes.ok;
  },
};

async function replaceFile(file: string, text: string): Promise<void> {
  const same = await readFile(file, 'utf8').then(
    (old) => old === text,
    () => false,
  );
  if (same) return;
  const beside = `${file}.${process.pid}.tmp`;
  await writeFile(beside, text);
  await rename(beside, file);
}
