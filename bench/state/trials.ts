// Random trials of Hale's cluster: two crowds write, one through DATABASE_URL and one past the relay to whatever node takes writes (so that a deposed
// primary that still said "committed" would be caught); strokes fall, a third of the time two that overlap; then all must be whole, and every receipt
// of both crowds is held against the rows. `npm run bench -- trials --runs N`, with HALE_SEED for the same strokes in the same order (moments differ:
// these are real processes), HALE_STROKE for some strokes only (one;two), HALE_TELL for Hale's own account of each trial. A line of JSON a trial goes
// to stderr as it happens; what was lost is printed with the seed. Run by root it moves into quarters of its own first (quarters.ts), where wires can
// be cut and disks be full.
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createRng, type Rng, randomSeed } from '@hale/base';
import type { SystemView } from '@hale/model';
import pg from 'pg';
import { startTempSystem, type TempSystem, typeHale } from '../heartbeat/temp-system.ts';
import type { Row } from '../row.ts';
import { type Account, spreadOf } from './account.ts';
import { findMarked } from './cage.ts';
import { besidePorts } from './cut.ts';
import { cutStrokes } from './cut-strokes.ts';
import { diskStrokes } from './disk-strokes.ts';
import { clerkFiles } from './hale.ts';
import { openLedger, speakingFrom } from './ledger.ts';
import { countThere, look, nodesOf, primaryOf, untilWhole } from './picture.ts';
import { hasOwnQuarters, runInQuarters, whyNoQuarters } from './quarters.ts';
import { type Disks, mountHouse, mountNodes } from './small-disks.ts';
import { strokes as anywhere, type Deed, type Scene, type Struck } from './strokes.ts';

const wholeBoundMs = 120_000;
const writeBoundMs = 90_000;
const settleBoundMs = 60_000;
const strokes: Readonly<Record<string, Deed>> = hasOwnQuarters()
  ? { ...anywhere, ...cutStrokes, ...diskStrokes }
  : anywhere;
/** Past the relay, and past every cut. */
const beside = hasOwnQuarters() ? besidePorts : undefined;

interface Trial {
  readonly n: number;
  readonly seed: number;
  readonly strokes: readonly string[];
  readonly detail?: string | undefined;
  /** How many were there when the first stroke fell. */
  readonly nodes: number;
  /** Who was the primary before, and who is it afterwards. */
  readonly primaries: readonly string[];
  /** From the first stroke until all was whole. */
  readonly wholeMs: number;
  readonly load: number;
  /** Of the first stroke: until it was gone, and from then until a client was told "committed" again. */
  readonly goneMs: number;
  readonly writeMs: number;
  readonly acknowledged: number;
  readonly acknowledgedDirectly: number;
  readonly lost: number;
  readonly lostDirectly: number;
}

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  if (!hasOwnQuarters()) {
    const why = await whyNoQuarters();
    if (why === undefined) process.exit(await runInQuarters());
    process.stderr.write(`no wire is cut and no disk is filled: ${why}\n`);
  }
  const seed = Number(process.env['HALE_SEED'] ?? randomSeed());
  process.stderr.write(`HALE_SEED=${seed}\n`);
  const stage = await openStage();
  const trials: Trial[] = [];
  try {
    for (let n = 1; n <= runs; n++) {
      const trial = await runTrial(stage, { n, seed: seed + n }).catch(async (error: unknown) => {
        // What went wrong is seen while it still runs.
        for (const word of ['ps', 'incidents', 'explain'])
          process.stderr.write(`${await typeHale(stage.system.folder, word).catch(String)}\n`);
        throw error;
      });
      process.stderr.write(`${JSON.stringify(trial)}\n`);
      if (process.env['HALE_TELL'] !== undefined) process.stderr.write(await typeHale(stage.system.folder, 'explain'));
      trials.push(trial);
    }
  } finally {
    await stage.system.close();
  }
  return rowsOf(trials);
}

interface Stage {
  readonly system: TempSystem;
  readonly disks: Disks | undefined;
}

/** In quarters of its own each node gets a disk: between its first start, which makes its folder, and the second. */
async function openStage(): Promise<Stage> {
  if (!hasOwnQuarters()) return { system: await startTempSystem(clerkFiles), disks: undefined };
  let house: Awaited<ReturnType<typeof mountHouse>> | undefined;
  let disks: Disks | undefined;
  const system = await startTempSystem(clerkFiles, {
    async before(folder) {
      house = await mountHouse(folder);
    },
    after: async () => (disks ?? house)?.close(),
  });
  try {
    await untilWhole(system, wholeBoundMs);
    await typeHale(system.folder, 'down');
    disks = await mountNodes(system.folder, house!);
    await typeHale(system.folder, 'up', '--detach', '--wait');
    return { system, disks };
  } catch (error) {
    await system.close();
    throw error;
  }
}

async function runTrial(stage: Stage, { n, seed }: { readonly n: number; readonly seed: number }): Promise<Trial> {
  const { system } = stage;
  const rng = createRng(seed);
  await untilWhole(system, wholeBoundMs);
  const url = readFileSync(join(system.folder, 'url'), 'utf8');
  const straight = directUrls(url, await look(system));
  const relayed = await openLedger({ urls: [url] });
  const direct = await openLedger({ urls: straight, writesPerSecond: 50, connections: 2, from: beside });
  const names = drawStrokes(rng);
  const whole = `the cluster to be whole again after ${names.join(' and ')}`;
  const before = primaryOf(await look(system))?.replica;
  try {
    await pause(200 + rng.below(400));
    const nodes = countThere(await look(system));
    const struck = await strikeAll(stage, { names, url, rng });
    const writeMs = await relayed.firstWrite(struck, writeBoundMs);
    if (writeMs === undefined) throw new Error(`no write within ${writeBoundMs} ms after ${names.join(' and ')}`);
    await untilWhole(system, wholeBoundMs, whole);
    const wholeMs = Math.round(performance.now() - struck.fromMs);
    const after = primaryOf(await look(system))?.replica;
    const told = await relayed.settle(settleBoundMs);
    // Who went past the relay is judged by what is there, not by what the node says that told it.
    const straightTold = await direct.settle(settleBoundMs);
    sayLosses({ seed, names }, [told, straightTold]);
    return {
      ...{ n, seed, strokes: names, detail: struck.detail, nodes, primaries: [before, after].map(String) },
      ...{ wholeMs, load: loadavg()[0] ?? 0, goneMs: Math.round(struck.goneMs - struck.fromMs) },
      writeMs: Math.round(writeMs - (struck.goneMs - struck.fromMs)),
      ...{ acknowledged: told.acknowledged, acknowledgedDirectly: straightTold.acknowledged },
      ...{ lost: told.lost.length, lostDirectly: straightTold.lost.length },
    };
  } finally {
    await Promise.all([relayed.close(), direct.close()]);
  }
}

function drawStrokes(rng: Rng): readonly string[] {
  const only = process.env['HALE_STROKE']?.split(';');
  if (only?.length === 1) return only;
  const all = only ?? Object.keys(strokes);
  const draw = () => all[rng.below(all.length)]!;
  return rng.below(3) === 0 ? [draw(), draw()] : [draw()];
}

/** The second one, if there is one, falls while the first is being healed. The times are the first one's. */
async function strikeAll(
  stage: Stage,
  { names, url, rng }: { readonly names: readonly string[]; readonly url: string; readonly rng: Rng },
): Promise<Struck> {
  const scene = await sceneOf(stage, { url, rng });
  const [first = '', second] = names;
  const later = async () => {
    if (second === undefined) return;
    await pause(rng.below(700));
    // What the first one took cannot be struck again; whatever is there by now can.
    const now = await sceneOf(stage, { url, rng }).catch(() => undefined);
    const isStruck = await (now === undefined ? undefined : deedOf(second)(now))?.then(yes, no);
    await now?.direct.end().catch(() => {});
    if (isStruck !== true) process.stderr.write(`'${second}' found nobody to strike\n`);
  };
  try {
    const [struck] = await Promise.all([deedOf(first)(scene), later()]);
    return struck;
  } finally {
    await scene.direct.end().catch(() => {});
  }
}

function deedOf(name: string) {
  const deed = strokes[name];
  if (deed === undefined)
    throw new Error(`no stroke is called '${name}'; there are: ${Object.keys(strokes).join(', ')}`);
  return deed;
}

async function sceneOf({ system, disks }: Stage, by: { readonly url: string; readonly rng: Rng }): Promise<Scene> {
  const view = await look(system);
  const primary = primaryOf(view);
  if (primary === undefined) throw new Error('there is no primary to strike');
  const at = new URL(by.url);
  at.port = String(primary.port);
  const direct = new pg.Client({
    connectionString: at.href,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
    ...speakingFrom(beside),
  });
  direct.on('error', () => {});
  await direct.connect();
  return {
    ...{ primary, direct, disks, rng: by.rng },
    primaryNow: async () => primaryOf(await look(system))?.replica,
    standbys: nodesOf(view).filter(({ database }) => database === 'standby'),
    relays: view.replicas.filter(({ unit }) => unit === 'relay'),
    controlPid: findMarked([`HALE_REPLICA=hale/control`, `HALE_RUNTIME_DIR=${system.runtimeDir}`])[0],
  };
}

function directUrls(url: string, view: SystemView): readonly string[] {
  return view.replicas.flatMap(({ unit, port }) => {
    if (unit !== 'db' || port === undefined) return [];
    const at = new URL(url);
    at.port = String(port);
    return [at.href];
  });
}

function sayLosses(
  of: { readonly seed: number; readonly names: readonly string[] },
  accounts: readonly Account[],
): void {
  for (const { lost, strangers } of accounts) {
    if (lost.length > 0)
      process.stderr.write(`LOST after ${of.names.join(' and ')}, seed ${of.seed}: ${lost.join(', ')}\n`);
    if (strangers.length > 0) throw new Error(`rows that nobody sent: ${strangers.join(', ')}`);
  }
}

function rowsOf(trials: readonly Trial[]): readonly Row[] {
  const sum = (of: (trial: Trial) => number) => trials.reduce((all, trial) => all + of(trial), 0);
  const single = Object.keys(strokes).flatMap((name) => {
    const alone = trials.filter((trial) => trial.strokes.length === 1 && trial.strokes[0] === name);
    if (alone.length === 0) return [];
    const [write, gone] = [spreadOf(alone.map(({ writeMs }) => writeMs)), spreadOf(alone.map(({ goneMs }) => goneMs))];
    return [
      { case: name, metric: `until it was gone, median of ${gone.n}`, hale: gone.median, unit: 'ms' },
      { case: name, metric: `from then to the first write, median of ${write.n}`, hale: write.median, unit: 'ms' },
      { case: name, metric: `the same, ${write.tailName}`, hale: write.tail, unit: 'ms' },
    ];
  });
  const all = `${trials.length} random trials`;
  return [
    ...single,
    { case: all, metric: 'acknowledged', hale: sum((one) => one.acknowledged + one.acknowledgedDirectly), unit: '' },
    { case: all, metric: 'of those, lost', hale: sum((one) => one.lost), unit: '' },
    { case: all, metric: 'told by a node itself, and lost', hale: sum((one) => one.lostDirectly), unit: '' },
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const yes = () => true;
const no = () => false;
