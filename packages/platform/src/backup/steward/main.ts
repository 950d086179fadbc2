// The process that takes backups and proves them, of all databases that declare one:
// `node main.ts --root FOLDER --release N --ordinal 0 [--runtime DIR]`. It reads the declaration from `.hale/releases`, finds the keys in
// its environment, and tells how things stand in one small file. It asks nobody and is asked by nobody; SIGTERM: the log is flushed,
// a last round goes to the store, and it exits 0.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRng, createSystemClock, randomSeed } from '@hale/base';
import { backedUpOf, type SystemSpec } from '@hale/model';
import { createStatsWriter } from '../../gateway/worker-files.ts';
import { BackupLane } from './lane.ts';
import { type BackupStats, backupStatsFile } from './stats.ts';
import { createTurn } from './turn.ts';

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '' },
    release: { type: 'string', default: '' },
    ordinal: { type: 'string', default: '0' },
    runtime: { type: 'string', default: process.env['HALE_RUNTIME_DIR'] ?? '' },
  },
});

const clock = createSystemClock();
const file = join(values.root, '.hale', 'releases', `${values.release}.json`);
const system = { ...(JSON.parse(readFileSync(file, 'utf8')) as SystemSpec), root: values.root };
const say = (line: string) => void process.stdout.write(`${line}\n`);
const turn = createTurn();
const rng = createRng(randomSeed());
const lanes = backedUpOf(system).map(
  ({ resource }) => new BackupLane({ system, database: resource.name, env: process.env, clock, rng, turn, say }),
);

const writeStats = createStatsWriter<BackupStats>(backupStatsFile(values.runtime, Number(values.ordinal)), 'backup');
const incarnation = process.env['HALE_INCARNATION'];
const tell = () => {
  const databases = lanes.map((lane) => lane.observe());
  writeStats({ v: 1, at: clock.wall(), pid: process.pid, incarnation, databases });
};
tell();
const telling = clock.every(1_000, tell);
for (const lane of lanes) void lane.run();

let isLeaving = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, leave);

function leave(): void {
  if (isLeaving) return;
  isLeaving = true;
  telling.cancel();
  void Promise.all(lanes.map((lane) => lane.stop())).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`backup: ${String(error)}\n`);
      process.exit(1);
    },
  );
}
