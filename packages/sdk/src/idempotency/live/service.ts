// A real service that takes orders by key, to be killed: `node service.ts <database url>`, listens on PORT. Each order is one row in
// `effects`, written in the transaction of its key; before and after it a moment passes, so that death finds it anywhere.
import { createServer } from 'node:http';
import pg from 'pg';
import { pgStore } from '../../pg.ts';
import { createIdempotency } from '../idempotency.ts';
import { nodeIdempotency } from '../node-handler.ts';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 12, connectionTimeoutMillis: 2_000 });
pool.on('error', () => {});
const idempotency = createIdempotency({ store: pgStore<pg.PoolClient>(pool, { leaseMs: 1_500 }), scope: 'orders' });
const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * ms));

const server = createServer(
  nodeIdempotency(idempotency, async (_req, res, context) => {
    const { tx, key } = context!;
    await moment(4);
    const { rows } = await tx.query('insert into effects (key) values ($1) returning n', [key]);
    await moment(4);
    res.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ n: rows[0].n }));
  }),
);
server.listen(Number(process.env['PORT']), '127.0.0.1', () => process.send?.('listening'));
process.on('disconnect', () => process.exit());
