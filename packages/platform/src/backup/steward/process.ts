// The process that takes backups and proves them, of all databases that declare one: `--root FOLDER --release N --ordinal 0
// [--runtime DIR]`. It reads the declaration from `.hale/releases`, finds the keys in its environment, and tells how things stand in one
// small file. It asks nobody and is asked by nobody; SIGTERM: the log is flushed, a last round goes to the store, and it exits 0. How
// a house is packed is the command line's knowledge, so that is handed in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRng, createSystemClock, randomSeed } from '@hale/base';
import { backedUpOf, backupOf, type SystemSpec } from '@hale/model';
import { createStatsWriter } from '../../gateway/worker-files.ts';
import { BackupLane } from './lane.ts';
import type { HousePacker } from './packer.ts';
import { type BackupStats, backupStatsFile } from './stats.ts';
import { createTurn } from './turn.ts';

/** Runs until SIGTERM. `argv`: what stands behind the program. */
export function runSteward({ argv, packer }: { readonly argv: readonly string[]; readonly packer: HousePacker }): void {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      root: { type: 'string', default: '' },
      release: { type: 'string', default: '' },
      ordinal: { type: 'string', default: '0' },
      runtime: { type: 'string', default: process.env['HALE_RUNTIME_DIR'] ?? '' },
    },
  });
  const clock = createSystemClock();
  const system = readRelease(values.root, values.release);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const house = {
    ...{ system, env: process.env, clock, say, packer },
    turn: createTurn(),
    rng: createRng(randomSeed()),
  };
  const lanes = backedUpOf(system).map(({ resource: { name } }) => ({
    name,
    lane: new BackupLane({ ...house, database: name }),
  }));

  const writeStats = createStatsWriter<BackupStats>(backupStatsFile(values.runtime, Number(values.ordinal)), 'backup');
  const incarnation = process.env['HALE_INCARNATION'];
  const tell = () => {
    const databases = lanes.map(({ lane }) => lane.observe());
    writeStats({ v: 1, at: clock.wall(), pid: process.pid, incarnation, databases });
  };
  tell();
  const telling = clock.every(1_000, tell);
  for (const { lane } of lanes) void lane.run();

  let isLeaving = false;
  const leave = () => {
    if (isLeaving) return;
    isLeaving = true;
    telling.cancel();
    const next = newestRelease(values.root);
    const goesOn = (name: string) => next === undefined || backupOf(next, name)?.pitr === true;
    void Promise.all(lanes.map(({ name, lane }) => lane.stop({ forget: !goesOn(name) }))).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`backup: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, leave);
}

function readRelease(root: string, release: string): SystemSpec {
  const file = join(root, '.hale', 'releases', `${release}.json`);
  return { ...(JSON.parse(readFileSync(file, 'utf8')) as SystemSpec), root };
}

/** What is wanted by now: it says whether somebody will go on where we end. */
function newestRelease(root: string): SystemSpec | undefined {
  try {
    const numbers = readdirSync(join(root, '.hale', 'releases')).map((name) => Number.parseInt(name, 10));
    return readRelease(root, String(Math.max(...numbers.filter(Number.isFinite))));
  } catch {
    return undefined;
  }
}
