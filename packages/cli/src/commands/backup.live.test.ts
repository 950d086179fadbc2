// `hale backup` and `hale restore` as they are typed, on a real database: what is said, in words and in JSON, and the exit codes.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { occupy, postgresSupport } from '@hale/platform/postgres';
import { openYard } from '@hale/platform/testing';
import type { Host } from '../host.ts';
import { commands } from '../main.ts';
import { runProgram } from '../program.ts';
import { createTerminal } from '../terminal/terminal.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const key = `${'c0ffee'.repeat(10)}c0ff`;

const declaration = `import { defineSystem, objectStore, postgres, secret, service } from 'hale';
export default defineSystem({
  name: 'shop',
  resources: { vault: objectStore({ url: 'file:vault' }), db: postgres({ backup: { to: 'vault', encrypt: secret('KEY') } }) },
  services: { web: service({ run: 'web.ts' }) },
});
`;

test('taken, listed, inspected, proven, cleaned up, followed, and brought back', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  mkdirSync(join(yard.root, 'node_modules'));
  symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), join(yard.root, 'node_modules', 'hale'));
  writeFileSync(join(yard.root, 'hale.config.ts'), declaration);
  writeFileSync(join(yard.root, 'web.ts'), '');
  let interrupt = () => {};
  let saidSoFar = '';
  const hale = async (...argv: string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    saidSoFar = '';
    for (const stream of [stdout, stderr]) stream.on('data', (piece: Buffer) => (saidSoFar += String(piece)));
    const onInterrupt = (fn: () => void) => {
      interrupt = fn;
      return () => {};
    };
    const terminal = createTerminal({ stdout, stderr, env: {} });
    const host: Host = { terminal, clock: yard.clock, env: { KEY: key }, cwd: yard.root, onInterrupt };
    const code = await runProgram(host, argv, commands);
    await new Promise(setImmediate);
    const said = saidSoFar;
    assert.ok(!said.includes(key), 'the key is in no message (INV-12)');
    return { code, said };
  };
  const expect = async (line: string, code: number, says: RegExp) => {
    const ran = await hale(...line.split(' '));
    assert.match(ran.said, says, line);
    assert.equal(ran.code, code, line);
    return ran.said;
  };

  await expect('backup list', 1, /there is no backup[\s\S]*hale backup now/);
  await expect('backup now', 1, /was never started here/);
  await yard.start();
  await yard.query('create table notes as select n from generate_series(1, 300) n');
  await expect('backup now', 0, /^\d{8}T\d{6}Z-[0-9a-f]{9}: 3\d\.\dMB/);
  const { id } = JSON.parse(await expect('backup now --json', 0, /"newBytes":\d/)) as { id: string };
  await expect('backup verify', 0, /✓ [\s\S]*✓ [\s\S]*chunks and \d+ segments/);
  await expect('backup prove', 0, new RegExp(`✓ proven {2}${id}: 1 tables with 300 rows read`));
  await expect('backup list', 0, new RegExp(`none: hale backup prove[\\s\\S]*${id}.*restored in`));
  await expect('backup prune --keep 1ms --dry-run', 0, /^1 backups would be taken away/);
  await expect('backup prune --keep soon', 2, /'soon' is no duration/);
  await expect('backup dance', 2, /write one of: now, list, verify/);
  await expect('restore --to yesterday', 2, /no place to restore to/);
  await expect('restore', 1, /a database runs on .*hale down/s);

  const leave = await occupy({ root: yard.root, database: 'db', errand: 'work' });
  const waiting = hale('backup', 'now');
  await yard.until('it says for whom it waits', () => saidSoFar.includes(`process ${process.pid} is taking`));
  leave();
  assert.equal((await waiting).code, 0);

  const following = hale('backup', 'stream');
  await yard.until('it streams', async () => {
    const streams = "select 1 from pg_stat_replication where application_name = 'hale_backup' and state = 'streaming'";
    return ((await yard.query(streams)).rowCount ?? 0) > 0;
  });
  await yard.query('insert into notes values (301)');
  await yard.until('it has what was committed', async () => {
    const has =
      "select 1 from pg_stat_replication where application_name = 'hale_backup' and flush_lsn >= pg_current_wal_flush_lsn()";
    return ((await yard.query(has)).rowCount ?? 0) > 0;
  });
  const interruptFirst = interrupt;
  await expect('backup stream', 1, /follows the log of db[\s\S]*nothing to type/);
  interruptFirst();
  assert.equal((await following).code, 0);

  await yard.kill();
  await expect('restore', 1, /is not empty[\s\S]*--into replace/);
  await expect('restore --to 2001-01-01T00:00:00Z --into replace', 1, /before the end of the oldest backup/);
  await expect('restore --to 2999-01-01T00:00:00Z --into replace', 1, /later than anything in the store/);
  await expect('restore --into replace', 0, /db is back in[\s\S]*what was there before lies in/);
  await expect(`restore db --to ${id} --into ./beside --json`, 0, /"timeline":2/);
  assert.ok(readdirSync(join(yard.root, 'beside')).includes('PG_VERSION'));
  await yard.start();
  assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 301);
  rmSync(join(yard.root, 'vault', 'shop', 'db', 'chunk'), { recursive: true });
  await expect('backup verify', 1, /✗ [\s\S]*is missing/);
  await expect('backup prove', 1, /✗ not proven[\s\S]*is missing/);
});
