// `npm start`: a whole small shop under load that is broken on purpose every twenty seconds, and heals. Ctrl-C leaves
// nothing behind. `--once --json` runs five drills once, prints each one's line, and ends with 0 only if every referee is content.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isHaleError } from '@hale/base';
import type { Call } from '../commands/entry.ts';
import { exitCodeOf } from '../errors.ts';
import { createHost } from '../host.ts';
import { runForever } from './forever.ts';
import { runOnce } from './once.ts';

const shop = join(dirname(fileURLToPath(import.meta.url)), '../../../../examples/shop');
const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rps: { type: 'string' },
    // Another copy of the shop.
    folder: { type: 'string', short: 'C', default: shop },
  },
});
const host = createHost();
const call: Call = { host, folder: resolve(values.folder), args: [], options: {}, json: values.json };
try {
  const rps = values.rps === undefined ? undefined : Number(values.rps);
  process.exitCode = values.once ? await runOnce(call, rps ?? 1000) : await runForever(call, rps ?? 300);
} catch (error) {
  const { message, hint } = isHaleError(error)
    ? error
    : { message: (error as Error).stack ?? String(error), hint: undefined };
  host.terminal.complaint(`${message}${hint === undefined ? '' : `\n  -> ${hint}`}`);
  process.exitCode = exitCodeOf(error);
}
