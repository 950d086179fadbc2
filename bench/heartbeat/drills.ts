// Every drill of `hale drill list` on the shop, several times each, as a table. There is no peer: nobody else runs them. What
// cannot be run is a row that says so, so that a table is never silently shorter.
import { join } from 'node:path';
import type { Row } from '../row.ts';
import { repository, typeHale } from './temp-system.ts';

/** The part of a drill's line (`hale drill run --json`) that is shown; times are undefined where nothing of the kind happens. */
interface DrillLine {
  readonly n: number;
  readonly verdict: string;
  readonly suspectedMs?: number;
  readonly isolatedMs?: number;
  readonly recoveredMs?: number;
  readonly recoveredP95Ms?: number;
  readonly tail?: string;
  readonly tails?: { readonly suspectedMs?: number; readonly recoveredMs?: number };
  /** Undefined where no load was generated. */
  readonly requests?: {
    readonly total: number;
    readonly failed: number;
    readonly severed: number;
    readonly rps: number;
    readonly steadyP99Ms?: number;
    readonly faultP99Ms?: number;
  };
  readonly ackedLost: number;
  readonly duplicates: number;
  readonly falseActions: number;
  readonly complaints: readonly string[];
}

export interface DrillsOptions {
  readonly runs: number;
  /** Only these; all of `hale drill list` when empty. */
  readonly only: readonly string[];
}

const shop = join(repository, 'examples/shop');

export async function run({ runs, only }: DrillsOptions): Promise<readonly Row[]> {
  const listed = JSON.parse(await typeHale(shop, 'drill', 'list', '--json')) as readonly { readonly name: string }[];
  const known = listed.map(({ name }) => name);
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no drill is called ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  const names = known.filter((name) => only.length === 0 || only.includes(name));
  const rows: Row[] = [];
  for (const name of names) rows.push(...rowsOf(name, await drill(name, runs)));
  return rows;
}

async function drill(name: string, runs: number): Promise<DrillLine> {
  const args = ['drill', 'run', name, '--runs', String(runs), '--json'];
  // A drill whose referees complain leaves with 1 and has printed its line all the same.
  const said = await typeHale(shop, ...args).catch((error: { stdout?: string }) => {
    if ((error.stdout ?? '').trim() === '') throw error;
    return error.stdout ?? '';
  });
  const line = JSON.parse(said.trim().split('\n').at(-1) ?? '') as DrillLine;
  for (const complaint of line.complaints) process.stderr.write(`${name}: ${complaint}\n`);
  return line;
}

function rowsOf(name: string, line: DrillLine): readonly Row[] {
  const { requests } = line;
  const head = { case: `${name} (${line.n} runs, ${line.verdict})` };
  const ms = (metric: string, value: number | undefined): Row[] =>
    value === undefined ? [] : [{ ...head, metric, hale: Math.round(value), unit: 'ms' }];
  const count = (metric: string, hale: number, unit = 'requests'): Row => ({ ...head, metric, hale, unit });
  const tail = line.tail ?? 'max';
  const traffic =
    requests === undefined
      ? []
      : [
          count('load', Math.round(requests.rps), 'requests/s'),
          count(`failed of ${requests.total}`, requests.failed),
          count('severed', requests.severed),
          ...ms('p99, steady', requests.steadyP99Ms),
          ...ms('p99, with the fault', requests.faultP99Ms),
        ];
  return [
    ...ms('suspected, median', line.suspectedMs),
    ...ms(`suspected, ${tail}`, line.tails?.suspectedMs),
    ...ms('isolated, median', line.isolatedMs),
    ...ms('recovered, median', line.recoveredMs),
    ...ms('recovered, p95', line.recoveredP95Ms),
    ...ms(`recovered, ${tail}`, line.tails?.recoveredMs),
    ...traffic,
    count('acknowledged lost', line.ackedLost),
    count('done twice', line.duplicates),
    count('replicas touched without need', line.falseActions, 'replicas'),
  ];
}
