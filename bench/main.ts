// Side by side with peers: `npm run bench -- NAME [--json] [--seconds N]`. Runs the tables of NAME and prints, with --json, one line a row:
// {"bench","case","metric","hale","peer","peerName","ratio","unit"}. Nothing here is asserted; a figure without a peer in the same run is not printed.
import { parseArgs } from 'node:util';
import { formatTable, type Row } from './row.ts';

interface Table {
  run(options: { readonly seconds: number }): Promise<readonly Row[]>;
}

/** Each name runs its tables one after the other: two cores cannot hold two benchmarks. */
const benches: Readonly<Record<string, readonly (() => Promise<Table>)[]>> = {
  heartbeat: [() => import('./gateway/table.ts')],
  gateway: [() => import('./gateway/table.ts')],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '5' } },
});
const name = positionals[0] ?? '';
const tables = benches[name];
const seconds = Number(values.seconds);
if (tables === undefined || !(seconds > 0)) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--seconds N]\n`);
  process.exit(2);
}

for (const load of tables) {
  const rows = await (await load()).run({ seconds });
  if (values.json) for (const row of rows) process.stdout.write(`${JSON.stringify({ bench: name, ...row })}\n`);
  else process.stdout.write(`${formatTable(rows)}\n`);
}
