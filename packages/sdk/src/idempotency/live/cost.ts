// What a key costs: the same effect over HTTP and PostgreSQL, once in a plain transaction of the handler's own and once behind a key, in turns, in
// the same process and run. `node cost.ts [--seconds 3]` prints a line of JSON. Commits are not flushed to disk, so that the ratio is not hidden by it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Pool } from 'undici';
import { pgStore } from '../../pg.ts';
import { createIdempotency } from '../idempotency.ts';
import { nodeIdempotency } from '../node-handler.ts';
import { startTestDatabase } from '../testing/database.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } });
const goodbyes: (() => void | Promise<void>)[] = [];
const turns = 4;
const atOnce = 8;
const insert = `insert into effects (key) values ('x')`;

try {
  const { url } = await startTestDatabase({ after: (fn) => void goodbyes.push(fn) });
  const pool = new pg.Pool({ connectionString: url, max: atOnce });
  goodbyes.push(() => pool.end());
  await pool.query('create table effects (n serial primary key, key text not null)');
  const origin = await serve(pool);
  const wire = new Pool(origin, { connections: atOnce });
  goodbyes.push(() => wire.destroy());
  const sums = { plain: { requests: 0, ms: 0 }, keyed: { requests: 0, ms: 0 }, replayed: { requests: 0, ms: 0 } };
  const kinds = ['plain', 'keyed', 'replayed'] as const;
  for (const kind of kinds) await load(wire, kind, 300);
  for (let turn = 0; turn < turns; turn++) {
    for (const kind of kinds) {
      const begunMs = performance.now();
      sums[kind].requests += await load(wire, kind, (Number(values.seconds) * 1000) / turns);
      sums[kind].ms += performance.now() - begunMs;
    }
  }
  const rps = (kind: keyof typeof sums) => Math.round((sums[kind].requests * 1000) / sums[kind].ms);
  process.stdout.write(`${JSON.stringify({ plain: rps('plain'), keyed: rps('keyed'), replayed: rps('replayed') })}\n`);
} finally {
  for (const goodbye of goodbyes.reverse()) await goodbye();
}
process.exit();

async function serve(pool: pg.Pool): Promise<string> {
  const idempotency = createIdempotency({ store: pgStore(pool) });
  const keyed = nodeIdempotency(idempotency, async (_req, res, context) => {
    await context!.tx.query(insert);
    res.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  const server = createServer(async (req, res) => {
    if (req.url !== '/plain') return keyed(req, res);
    for await (const _ of req);
    const client = await pool.connect();
    await client.query('begin');
    await client.query(insert);
    await client.query('commit');
    client.release();
    return res.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function load(wire: Pool, kind: 'plain' | 'keyed' | 'replayed', ms: number): Promise<number> {
  const untilMs = performance.now() + ms;
  let requests = 0;
  const one = async (client: number) => {
    while (performance.now() < untilMs) {
      const key = kind === 'replayed' ? `again-${client}` : crypto.randomUUID();
      const path = kind === 'plain' ? '/plain' : '/keyed';
      const headers = { 'idempotency-key': key, 'content-type': 'application/json' };
      const answer = await wire.request({ method: 'POST', path, headers, body: '{"sku":"tea"}' });
      await answer.body.dump();
      if (answer.statusCode !== 201) throw new Error(`it answered ${answer.statusCode}`);
      requests++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, client) => one(client)));
  return requests;
}
