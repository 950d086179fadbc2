// Reads the declaration for a command: prints every problem at once and refuses (exit 2) where one is an error; warnings
// are printed and passed. Nothing is started or written here.
import { resolve } from 'node:path';
import type { SystemSpec } from '@hale/model';
import type { Call } from '../commands/entry.ts';
import { formatProblems } from '../config/format-problems.ts';
import { loadConfig } from '../config/load-config.ts';
import { cliError } from '../errors.ts';
import { readIdentity } from './folder.ts';

/** Stands in until the first start gives the system its own. */
const idBeforeFirstStart = '00000000-0000-4000-8000-000000000000';

/** Throws HALE_CLI_BAD_DECLARATION or HALE_CLI_NO_DECLARATION. `file`: as given on the command line. */
export async function loadDeclaration(call: Call, file: string | undefined): Promise<SystemSpec> {
  const place = file === undefined ? call.folder : resolve(call.folder, file);
  const loaded = await loadConfig(place, { id: (root) => readIdentity(root)?.id ?? idBeforeFirstStart });
  const { terminal } = call.host;
  const colour = terminal.paint.strong('x') !== 'x';
  const text = formatProblems(loaded.problems, { file: loaded.file, colour, from: call.host.cwd });
  if (loaded.value !== undefined) {
    if (text !== '' && !call.json) terminal.complaint(text);
    return loaded.value;
  }
  const [first] = loaded.problems;
  if (loaded.file === undefined && first !== undefined)
    throw cliError('HALE_CLI_NO_DECLARATION', first.message, { hint: first.hint });
  if (!call.json) terminal.complaint(text);
  throw cliError('HALE_CLI_BAD_DECLARATION', 'the declaration cannot be used', {
    details: { problems: loaded.problems },
  });
}
