// The duel as a table: who is told "committed" again how long after the primary was killed, Hale beside each peer at each pace,
// under the same ledger on the same machine. Trials go to stderr as they happen, a line of JSON each. `--only` picks among hale,
// patroni, patroni-fast, pg-auto-failover and pg-auto-failover-fast; a peer that is not installed is left out by name.
import { existsSync } from 'node:fs';
import type { Row } from '../row.ts';
import { spreadOf } from './account.ts';
import type { Contestant, StrokeKind } from './contestant.ts';
import { runSeries, type Trial } from './duel.ts';
import { startHale } from './hale.ts';
import { findPatroni, patroniHint, startPatroni } from './peers/patroni.ts';
import { findPgAutoFailover, pgAutoFailoverHint, startPgAutoFailover } from './peers/pg-auto-failover.ts';

interface Entrant {
  readonly name: string;
  readonly strokes: readonly StrokeKind[];
  readonly start: () => Promise<Contestant>;
  /** What to install, where something is missing. */
  readonly missing: () => string | undefined;
}

const both: readonly StrokeKind[] = ['engine', 'node'];
const missingPatroni = () => (findPatroni() === undefined ? patroniHint : undefined);
const missingPgaf = () => (findPgAutoFailover() === undefined ? pgAutoFailoverHint : undefined);
const entrants: readonly Entrant[] = [
  // It has no agent of its own on a node: both strokes are one.
  { name: 'hale', strokes: ['engine'], start: startHale, missing: () => undefined },
  { name: 'patroni', strokes: both, start: () => startPatroni('default'), missing: missingPatroni },
  { name: 'patroni-fast', strokes: both, start: () => startPatroni('fast'), missing: missingPatroni },
  { name: 'pg-auto-failover', strokes: both, start: () => startPgAutoFailover('default'), missing: missingPgaf },
  { name: 'pg-auto-failover-fast', strokes: both, start: () => startPgAutoFailover('fast'), missing: missingPgaf },
];

export interface StateOptions {
  readonly runs: number;
  readonly only: readonly string[];
}

interface Result {
  readonly name: string;
  readonly label: string;
  readonly stroke: StrokeKind;
  readonly trials: readonly Trial[];
}

export async function run({ runs, only }: StateOptions): Promise<readonly Row[]> {
  const unknown = only.filter((name) => !entrants.some((one) => one.name === name));
  const known = entrants.map(({ name }) => name).join(', ');
  if (unknown.length > 0) throw new Error(`nobody is called ${unknown.join(', ')}; there are: ${known}`);
  const results: Result[] = [];
  for (const entrant of entrants.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const hint = entrant.missing();
    if (hint === undefined) results.push(...(await resultsOf(entrant, runs)));
    else process.stderr.write(`${entrant.name} is left out: ${hint}\n`);
  }
  const ours = results.find(({ name }) => name === 'hale');
  const peers = results.filter(({ name }) => name !== 'hale');
  return [...(ours === undefined ? [] : rowsOf(ours, ours)), ...peers.flatMap((peer) => rowsOf(ours, peer))];
}

async function resultsOf({ name, strokes, start }: Entrant, runs: number): Promise<readonly Result[]> {
  if (!existsSync('/proc/self/stat'))
    throw new Error('the state bench kills by what /proc says, and there is none here');
  const contestant = await start();
  const results: Result[] = [];
  try {
    process.stderr.write(`${contestant.label}\n`);
    for (const stroke of strokes) {
      const say = (trial: Trial) => void process.stderr.write(`${JSON.stringify({ contestant: name, ...trial })}\n`);
      const trials = await runSeries(contestant, { stroke, runs, say });
      results.push({ name, label: contestant.label, stroke, trials });
    }
  } finally {
    await contestant.close();
  }
  return results;
}

/** The rows of one of them, beside ours where ours was run; alone they are ours. */
function rowsOf(ours: Result | undefined, of: Result): readonly Row[] {
  const own = of === ours;
  const words = { engine: 'PostgreSQL of the primary killed', node: 'PostgreSQL and agent of the primary killed' };
  const name = own ? 'primary killed, 200 writes/s' : `${words[of.stroke]}, ${of.name}`;
  const head = { case: `${name} (${of.trials.length} runs)` };
  const beside = (metric: string, [hale, peer, unit]: readonly [number | undefined, number, string]): Row => ({
    ...head,
    metric,
    ...(hale === undefined ? {} : { hale }),
    unit,
    ...(own
      ? {}
      : { peer, peerName: of.label, ...(hale === undefined || unit !== 'ms' ? {} : { ratio: peer / hale }) }),
  });
  const [mine, theirs] = [ours && timesOf(ours), timesOf(of)];
  const sum = (result: Result, key: 'acknowledged' | 'lost' | 'inDoubt') =>
    result.trials.reduce((total, trial) => total + trial[key], 0);
  const count = (metric: string, key: 'acknowledged' | 'lost' | 'inDoubt') =>
    beside(metric, [ours && sum(ours, key), sum(of, key), 'writes']);
  const silent = of.trials.length - theirs.length;
  const [mySpread, theirSpread] = [
    mine && mine.length > 0 ? spreadOf(mine) : undefined,
    theirs.length > 0 ? spreadOf(theirs) : undefined,
  ];
  return [
    ...(theirSpread === undefined
      ? []
      : [
          beside('first acknowledged write, median', [mySpread?.median, theirSpread.median, 'ms']),
          beside(`first acknowledged write, ${theirSpread.tailName}`, [mySpread?.tail, theirSpread.tail, 'ms']),
        ]),
    ...(silent === 0 ? [] : [beside('no write within seven minutes', [undefined, silent, 'runs'])]),
    count('acknowledged', 'acknowledged'),
    count('acknowledged and lost', 'lost'),
    count('in doubt', 'inDoubt'),
  ];
}

function timesOf({ trials }: Result): readonly number[] {
  return trials.flatMap(({ firstWriteMs }) => (firstWriteMs === undefined ? [] : [firstWriteMs]));
}
