// `hale restore`: brings a database back to a moment, where it was or beside. What cannot be reached is refused before anything is
// written; what was there is put aside, never deleted.
import { resolve } from 'node:path';
import { formatBytes, formatDuration, isHaleError } from '@hale/base';
import {
  type ClusterMemory,
  openStrongbox,
  parseTarget,
  type RestoreProgress,
  restoreHome,
  type Target,
} from '@hale/platform/postgres';
import { cliError, exitCodes } from '../errors.ts';
import { restoreHouse } from '../recovery/restore-house.ts';
import { clusterMemoryOf } from '../system/cluster-memory.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { withFolderLock } from '../system/folder-lock.ts';
import { findSystem, isRunning } from '../system/running.ts';
import { createBar } from '../terminal/progress-bar.ts';
import { showRestore } from './backup.ts';
import { type CommandEntry, textOption } from './entry.ts';

export const restoreCommand: CommandEntry = {
  usage: 'restore [database]',
  summary: 'bring a database back: to a time, to latest, or to one backup',
  group: 'Act',
  shape: (command) =>
    command
      .option('-c, --config <file>', 'the declaration, if it is not hale.config.ts')
      .option('--to <when>', 'latest, a time such as 2026-11-22T04:00:00Z, or the id of a backup', 'latest')
      .option(
        '--into <where>',
        'new (where it runs, if nothing is there), replace (what is there is put aside), or a folder',
        'new',
      )
      .option(
        '--house',
        'the declaration, the programs and the journal, into an empty folder: what begins a new machine',
      )
      .option('--from <url>', 'with --house: the store; its key comes from the environment')
      .option('--system <name>', 'with --house: which system, where the store holds several'),
  async run(call) {
    if (call.options['house'] === true) return restoreHouse(call);
    const target = readTarget(textOption(call, 'to') ?? 'latest');
    const spec = await loadDeclaration(call, textOption(call, 'config'));
    const box = await openStrongbox(spec, call.args[0], call.host.env);
    const where = textOption(call, 'into') ?? 'new';
    const into = where === 'new' || where === 'replace' ? where : { folder: resolve(call.folder, where) };
    const { terminal, clock } = call.host;
    const bar = createBar(call.host, call.json);
    const bring = (memory?: ClusterMemory) => {
      const onProgress = (progress: RestoreProgress) => showRestore(bar, progress);
      return restoreHome({ root: spec.root, box, target, into, clock, memory, onProgress });
    };
    const inPlace = async () => {
      await assertDown(spec.root);
      return bring(box.cluster ? clusterMemoryOf(spec.root, box.database) : undefined);
    };
    const work = typeof into === 'object' ? bring() : withFolderLock(call.host, spec.root, inPlace);
    const restored = await work.finally(bar.clear);
    if (call.json) {
      terminal.json(restored);
      return exitCodes.ok;
    }
    const { folder, backup, completeUntil, putAside, bytes, fetchMs, replayMs, begins } = restored;
    terminal.line(`${box.database} is back in ${folder}: backup ${backup}, ${formatBytes(bytes)}`);
    terminal.line(`fetched in ${formatDuration(fetchMs)}, recovered in ${formatDuration(replayMs)}`);
    if (target.kind === 'latest')
      terminal.line(`holds everything until ${new Date(completeUntil).toISOString()} at least`);
    if (putAside !== undefined) terminal.line(`what was there before lies in ${putAside}`);
    if (begins !== undefined) {
      const words = `${box.database}/${begins.ordinal} will be the primary of term ${begins.term}`;
      terminal.line(`${words}, and the standbys are copied from it: hale up`);
    }
    return exitCodes.ok;
  },
};

/** In place only where nothing runs: control would start the old data again under our hands. */
async function assertDown(root: string): Promise<void> {
  const system = findSystem(root);
  if (system === undefined || !(await isRunning(system))) return;
  throw cliError('HALE_CLI_STILL_RUNNING', `the system in ${root} runs: nothing was touched`);
}

/** What is written wrongly is wrong input, exit 2. */
function readTarget(text: string): Target {
  try {
    return parseTarget(text);
  } catch (error) {
    if (!isHaleError(error)) throw error;
    throw cliError('HALE_CLI_USAGE', error.message, { hint: error.hint });
  }
}
