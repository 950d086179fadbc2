// `hale init`: writes a declaration for what is found in the folder, or a small system that runs where nothing is.
import { cliError } from '../errors.ts';
import type { CommandEntry } from './entry.ts';

export const initCommand: CommandEntry = {
  usage: 'init',
  summary: 'write a hale.config.ts for what is in this folder',
  group: 'Set up',
  run() {
    throw cliError('HALE_CLI_MISSING_PART', 'hale init is not in this build yet', {
      hint: 'write hale.config.ts by hand: examples/shop/hale.config.ts shows one',
    });
  },
};
