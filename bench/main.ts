// Figures, side by side with peers where there are any: `npm run bench -- NAME [--json] [--seconds N] [--runs N] [--only name,name] [--minutes N]`.
// With --json one line a row: {"bench","case","metric","hale","peer","peerName","ratio","unit"}, the peer's three only where one was
// measured in the same run. Nothing here is asserted.
import { parseArgs } from 'node:util';
import { callsTables } from './calls/tables.ts';
import { formatTable, type Row } from './row.ts';

interface Options {
  readonly seconds: number;
  readonly runs: number;
  readonly only: readonly string[];
  readonly minutes: number;
}

interface Table {
  run(options: Options): Promise<readonly Row[]>;
}

const gateway = () => import('./gateway/table.ts');
const footprint = () => import('./heartbeat/footprint.ts');
const drills = () => import('./heartbeat/drills.ts');
const soak = () => import('./soak/soak.ts');
const state = () => import('./state/table.ts');
const backup = () => import('./backup/backup.ts');
const rejoin = () => import('./state/rejoin.ts');
const trials = () => import('./state/trials.ts');
const clouds = () => import('./backup/clouds.ts');
const synchronous = () => import('./backup/synchronous.ts');
const sql = () => import('./sql/sql.ts');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '10' },
  },
});
const only = values.only.split(',').filter((word) => word !== '');
const calls = Object.entries(callsTables).filter(([table]) => only.length === 0 || only.includes(table));

/** Each name runs its tables one after the other: two cores cannot hold two benchmarks. */
const benches: Readonly<Record<string, readonly (() => Promise<Table>)[]>> = {
  heartbeat: [footprint, drills, gateway],
  footprint: [footprint],
  drills: [drills],
  gateway: [gateway],
  soak: [soak],
  state: [state],
  backup: [backup],
  synchronous: [synchronous],
  sql: [sql],
  clouds: [clouds],
  trials: [trials],
  rejoin: [rejoin],
  calls: calls.map(([, load]) => load),
};

const name = positionals[0] ?? '';
const tables = benches[name];
const [seconds, runs, minutes] = [Number(values.seconds), Number(values.runs), Number(values.minutes)];
if (tables === undefined || !(seconds > 0) || !(runs >= 1) || !(minutes > 0)) {
  process.stderr.write(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--seconds N] [--runs N] [--only name,name] [--minutes N]\n`,
  );
  process.exit(2);
}
if (name === 'calls' && calls.length === 0) {
  process.stderr.write(`no such table; --only takes ${Object.keys(callsTables).join(', ')}\n`);
  process.exit(2);
}

for (const load of tables) {
  const rows = await (await load()).run({ seconds, runs, only, minutes });
  if (values.json) for (const row of rows) process.stdout.write(`${JSON.stringify({ bench: name, ...row })}\n`);
  else process.stdout.write(`${formatTable(rows)}\n`);
}
