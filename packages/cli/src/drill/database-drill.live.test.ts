// The drills of a database cluster on real PostgreSQL: its primary is killed, frozen, or killed with a standby, under requests of which
// every one writes a row. Every answered request must be in the ledger at the end; how long it took is a benchmark's to say.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DrillLine } from '@hale/drill';
import { postgresSupport } from '@hale/platform/postgres';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hale = here('../../bin/hale.mjs');
const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

/** Writes a row a request, and tries again on a new connection for as long as a caller waits. */
const program = `import { createServer } from 'node:http';
import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4, connectionTimeoutMillis: 12_000 });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));
const write = async (key) => {
  for (const until = Date.now() + 9_000; ; ) {
    try {
      return await pool.query('insert into ledger values ($1) on conflict do nothing', [key]);
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};
await pool.query('create table if not exists ledger (key uuid primary key)').catch(() => {});
createServer((req, res) => {
  if (req.url === '/readyz') return res.end('well');
  if (req.url === '/rows') return pool.query('select count(*) as n from ledger').then(({ rows }) => res.end(rows[0].n));
  write(crypto.randomUUID()).then(() => res.end('written'), (error) => res.writeHead(500).end(error.message));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

const declaration = `import { defineSystem, postgres, service } from 'hale';
export default defineSystem({
  name: 'kept',
  zones: ['a', 'b', 'c'],
  resources: { ledger: postgres({ standbys: 2 }) },
  services: { web: service({ run: 'web.mjs', replicas: 2, uses: ['ledger'], probes: { ready: { http: '/readyz' } } }) },
  gateway: { port: 0, routes: { '/': 'web' } },
});
`;

describe('live drills of a database', { skip }, () => {
  let gateway = '';
  let answered = 0;
  const folder = mkdtempSync(join(tmpdir(), 'hale-drill-'));
  const run = (...argv: string[]) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      execFile(process.execPath, [hale, ...argv], { cwd: folder, timeout: 180_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: stdout.trim() || stderr });
      });
    });
  const drill = async (name: string, seed: number) => {
    const { out } = await run('drill', 'run', name, '--seed', String(seed), '--rps', '40', '--json');
    assert.ok(out.startsWith('{'), out);
    return JSON.parse(out.split('\n').at(-1) ?? '') as DrillLine;
  };

  before(async () => {
    symlinkSync(here('../../../../node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'web.mjs'), program);
    writeFileSync(join(folder, 'hale.config.ts'), declaration);
    const { code, out } = await run('up', '--detach');
    assert.equal(code, 0, out);
    gateway = /gateway +(\S+)/.exec(out)?.[1] ?? '';
  });
  after(async () => {
    await run('down', '--timeout', '2');
    rmSync(folder, { recursive: true, force: true });
  });

  for (const name of ['primary-killed', 'primary-frozen', 'primary-and-standby-killed']) {
    it(`${name}: healed`, async () => {
      const line = await drill(name, 1);
      const story = line.complaints.length === 0 ? '' : (await run('explain')).out;
      assert.deepEqual(line.complaints, [], story);
      assert.equal(line.verdict, 'healed');
      const { total = 0, failed = 0 } = line.requests ?? {};
      assert.ok(total > failed);
      answered += total - failed;
    });
  }

  it('has every row of which somebody was told that it is written', async () => {
    const rows = Number(await (await fetch(`${gateway}/rows`)).text());
    assert.ok(answered > 0 && rows >= answered, `${answered} answered, ${rows} rows`);
  });
});
