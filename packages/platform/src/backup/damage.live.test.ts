// Twelve kinds of damage and more, each done to a copy of a good vault: none may end in a database that pretends to be whole. The
// untouched copy is restored and proven too, so that the test can tell good from bad.
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createMemoryStore, type MemoryStore } from '@hale/ports/testing';
import { postgresSupport } from '../postgres/support.ts';
import { openYard, type Yard } from './backup-rig.ts';
import { takeBackup } from './base-backup.ts';
import { readCatalogue } from './catalogue.ts';
import { prove } from './proof.ts';
import { prune } from './prune.ts';
import { restore } from './restore.ts';
import type { Target } from './target.ts';
import { openVault, putSealed, readSealed, type Vault } from './vault.ts';
import { verify } from './verify.ts';
import { startWalReceiver } from './wal-receiver.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const key = Buffer.alloc(32, 3);

/** A good vault: a backup, the log of it, a restore to a point in time, and the log of the timeline that began there. */
async function build(yard: Yard): Promise<{ store: MemoryStore; forkedAt: number }> {
  const store = createMemoryStore(() => yard.clock.wall());
  const vault = openVault(store, { key });
  await yard.start();
  await yard.query('create table notes (id serial primary key, text text)');
  const fill = (rows: number) =>
    yard.query(`insert into notes (text) select repeat(md5(n::text), 8) from generate_series(1, ${rows}) n`);
  const receive = () =>
    startWalReceiver({
      ...{ url: yard.url(), vault, spool: join(yard.root, 'spool'), slot: 'hale', name: 'hale_wal', clock: yard.clock },
      uploadEveryMs: 100,
    });
  const complete = async (work: () => Promise<unknown>) => {
    const receiver = receive();
    await yard.until('it streams', () => receiver.status().state === 'streaming');
    await work();
    const now = yard.clock.wall();
    await yard.until('the store is complete', () => receiver.status().completeUntil > now + 20);
    await receiver.stop();
    return now;
  };
  const forkedAt = await complete(async () => {
    await takeBackup({ url: yard.url(), vault, clock: yard.clock });
    await fill(1_000);
  });
  // Beyond the point in time, on the timeline that will be abandoned there.
  await complete(async () => {
    await fill(10);
    await fill(2_000);
  });
  await yard.kill();
  rmSync(yard.pgdata, { recursive: true });
  const { clock, engine } = yard;
  await restore({ vault, target: { kind: 'time', at: forkedAt + 10 }, folder: yard.pgdata, engine, clock });
  await yard.start();
  await complete(async () => {
    for (let i = 0; i < 3; i++) {
      await fill(1_000);
      await yard.query('select pg_switch_wal()');
    }
    await fill(500);
  });
  await yard.stop();
  return { store, forkedAt };
}

describe('damage', { skip }, () => {
  let yard: Yard;
  let good: MemoryStore;
  let forkedAt = 0;

  before(async () => {
    yard = await openYard();
    ({ store: good, forkedAt } = await build(yard));
  });
  after(() => yard.dispose());

  const copy = (): MemoryStore => {
    const store = createMemoryStore(() => yard.clock.wall());
    for (const [name, { body, storedAt }] of good.objects) store.objects.set(name, { body: body.slice(), storedAt });
    return store;
  };
  const tryRestore = async (vault: Vault, target: Target = { kind: 'latest' }) => {
    const folder = join(yard.root, 'restored');
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${folder}.restoring`, { recursive: true, force: true });
    const rows: number[] = [];
    const inspect = async (connect: (database: string) => Promise<import('pg').Client>) => {
      const client = await connect('app');
      rows.push(Number((await client.query('select count(*) as n from notes')).rows[0].n));
      await client.end();
    };
    await restore({ vault, target, folder, engine: yard.engine, clock: yard.clock, inspect });
    return rows[0];
  };
  const namesOf = (store: MemoryStore, prefix: string) =>
    [...store.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  const change = (store: MemoryStore, name: string, edit: (body: Uint8Array) => Uint8Array) => {
    const found = store.objects.get(name);
    assert.ok(found, name);
    store.objects.set(name, { ...found, body: edit(found.body) });
  };
  const flip = (body: Uint8Array) =>
    body.with(Math.floor(body.length / 2), (body[Math.floor(body.length / 2)] ?? 0) ^ 1);
  const reseal = async (vault: Vault, name: string, edit: (content: Buffer) => Buffer) => {
    const opened = await readSealed(vault, name);
    assert.ok(opened, name);
    await vault.store.delete(name);
    await putSealed(vault, name, { content: edit(opened.content), stamp: opened.stamp });
  };
  const editManifest = (vault: Vault, store: MemoryStore, edit: (manifest: Record<string, unknown>) => void) =>
    reseal(vault, namesOf(store, 'base/')[0] ?? '', (content) => {
      const manifest = JSON.parse(content.toString()) as Record<string, unknown>;
      edit(manifest);
      return Buffer.from(JSON.stringify(manifest));
    });
  const wholeOn = (store: MemoryStore, timeline: string) =>
    namesOf(store, `wal/${timeline}/`).filter((name) => !name.includes('.'));
  const largestChunk = (store: MemoryStore) =>
    namesOf(store, 'chunk/').reduce((best, name) =>
      (store.objects.get(name)?.body.length ?? 0) > (store.objects.get(best)?.body.length ?? 0) ? name : best,
    );

  interface Damage {
    readonly what: string;
    readonly code: string;
    readonly says?: RegExp;
    readonly target?: () => Target;
    readonly key?: Buffer;
    /** Whether reading alone finds it too. */
    readonly verified: boolean;
    readonly do: (store: MemoryStore, vault: Vault) => unknown;
  }
  const damaged = 'HALE_PLATFORM_BACKUP_DAMAGED';
  const damages: readonly Damage[] = [
    {
      what: 'a byte of a chunk flips',
      code: damaged,
      verified: true,
      do: (store) => change(store, largestChunk(store), flip),
    },
    {
      what: 'a byte of the log flips',
      code: damaged,
      verified: true,
      do: (store) => change(store, wholeOn(store, '00000002')[1] ?? '', flip),
    },
    {
      what: 'a chunk is missing',
      code: damaged,
      says: /is missing/,
      verified: true,
      do: (store) => store.objects.delete(largestChunk(store)),
    },
    {
      what: 'a segment of the log is missing',
      code: 'HALE_PLATFORM_BACKUP_WAL_HOLE',
      says: /segment 0000000200000000000000.. is missing/,
      verified: true,
      do: (store) => store.objects.delete(wholeOn(store, '00000002')[1] ?? ''),
    },
    {
      what: 'an object is torn',
      code: damaged,
      verified: true,
      do: (store) => change(store, largestChunk(store), (body) => body.slice(0, -100)),
    },
    {
      what: 'an object is emptied',
      code: damaged,
      verified: true,
      do: (store) => change(store, wholeOn(store, '00000002')[0] ?? '', () => new Uint8Array(0)),
    },
    {
      what: 'the packing list is emptied',
      code: damaged,
      verified: true,
      do: (store) => change(store, namesOf(store, 'base/')[0] ?? '', () => new Uint8Array(0)),
    },
    {
      what: 'the key is another',
      code: 'HALE_PLATFORM_BACKUP_KEY_WRONG',
      key: Buffer.alloc(32, 4),
      verified: false,
      do: () => {},
    },
    {
      what: "the log of the abandoned timeline lies in the new one's place",
      code: damaged,
      says: /is of timeline 1/,
      verified: true,
      do: async (store, vault) => {
        const name = wholeOn(store, '00000002')[0] ?? '';
        const old = await readSealed(vault, name.replaceAll('00000002', '00000001'));
        const pieces = namesOf(store, `${name.replaceAll('00000002', '00000001')}.`);
        const content =
          old?.content ??
          Buffer.concat(
            (await Promise.all(pieces.map((piece) => readSealed(vault, piece)))).map(
              (p) => p?.content ?? Buffer.alloc(0),
            ),
          );
        await reseal(vault, name, (now) => Buffer.concat([content, now.subarray(content.length)]));
      },
    },
    {
      what: 'the packing list is of another database',
      code: 'HALE_PLATFORM_BACKUP_FOREIGN',
      verified: true,
      do: (store, vault) =>
        editManifest(vault, store, (manifest) => Object.assign(manifest, { systemIdentifier: '7000000000000000001' })),
    },
    {
      what: 'the backup has no label',
      code: damaged,
      says: /backup_label is missing/,
      verified: true,
      do: (store, vault) =>
        editManifest(vault, store, (manifest) => {
          manifest['files'] = (manifest['files'] as { path: string }[]).filter(({ path }) => path !== 'backup_label');
        }),
    },
    {
      what: 'the target is before the backup',
      code: 'HALE_PLATFORM_BACKUP_TARGET_EARLY',
      target: () => ({ kind: 'time', at: forkedAt - 3_600_000 }),
      verified: false,
      do: () => {},
    },
    {
      what: 'the target is in the future',
      code: 'HALE_PLATFORM_BACKUP_TARGET_FUTURE',
      target: () => ({ kind: 'time', at: yard.clock.wall() + 3_600_000 }),
      verified: false,
      do: () => {},
    },
    {
      what: 'the log was damaged before it was stored: only the server can notice, and it says nothing',
      code: 'HALE_PLATFORM_BACKUP_END',
      says: /the log goes on at/,
      verified: false,
      do: (store, vault) =>
        reseal(vault, wholeOn(store, '00000002')[1] ?? '', (content) =>
          Buffer.from(content.with(100_000, (content[100_000] ?? 0) ^ 1)),
        ),
    },
    {
      what: 'the backup is of another major version',
      code: 'HALE_PLATFORM_BACKUP_MAJOR',
      says: /PostgreSQL 17\.2/,
      verified: false,
      do: (store, vault) =>
        editManifest(vault, store, (manifest) => Object.assign(manifest, { versionNumber: 170002 })),
    },
    {
      what: 'the packing list leads out of the folder',
      code: damaged,
      says: /leads elsewhere/,
      verified: true,
      do: (store, vault) =>
        editManifest(vault, store, (manifest) => void (manifest['folders'] as string[]).push('../outside')),
    },
  ];

  it('the good one: nothing to complain of, restored, proven, and listed as proven', async () => {
    const vault = openVault(copy(), { key });
    assert.deepEqual(
      (await verify(vault, { clock: yard.clock })).backups.map(({ problems }) => problems),
      [[]],
    );
    assert.equal(await tryRestore(vault), 4_500);
    const proof = await prove({ vault, engine: yard.engine, clock: yard.clock });
    assert.deepEqual(proof.problems, []);
    assert.deepEqual(proof.tables, [{ database: 'app', table: 'notes', rows: 4_500 }]);
    assert.ok(proof.indexesChecked > 100 && proof.rtoMs > 0 && (proof.rpoMs ?? -1) >= 0, JSON.stringify(proof));
    const [entry] = await readCatalogue(vault);
    assert.equal(entry?.proof?.ok, true);
  });

  for (const damage of damages) {
    it(damage.what, async () => {
      const store = copy();
      await damage.do(store, openVault(store, { key }));
      const vault = openVault(store, { key: damage.key ?? key });
      const refusal = { code: damage.code, ...(damage.says === undefined ? {} : { message: damage.says }) };
      await assert.rejects(tryRestore(vault, damage.target?.()), refusal);
      assert.ok(!existsSync(join(yard.root, 'restored')), 'nothing bears the name of what was ordered');
      if (!damage.verified) return;
      const found = (await verify(vault, { clock: yard.clock })).backups.flatMap(({ problems }) => problems);
      assert.ok(found.length > 0, 'the inspection finds it as well');
    });
  }

  it('a chunk that was found damaged is stored anew by the next backup, and a clean-up takes what nobody needs', async () => {
    const store = copy();
    const vault = openVault(store, { key });
    change(store, largestChunk(store), flip);
    await verify(vault, { clock: yard.clock });
    await yard.start();
    await takeBackup({ url: yard.url(), vault, clock: yard.clock });
    await yard.stop();
    const [old, fresh] = (await verify(vault, { clock: yard.clock })).backups;
    assert.notDeepEqual(old?.problems, []);
    assert.deepEqual(fresh?.problems, []);
    const order = { vault, clock: yard.clock, retention: { keepMs: 0, keepCountMin: 1 } };
    const size = store.objects.size;
    const dry = await prune({ ...order, dry: true });
    assert.equal(store.objects.size, size);
    const pruned = await prune(order);
    assert.deepEqual(pruned, dry);
    assert.deepEqual(pruned.dropped, [old?.id]);
    assert.ok(pruned.objects > 1 && store.objects.size === size - pruned.objects);
    assert.equal(await tryRestore(vault), 4_500);
  });
});
